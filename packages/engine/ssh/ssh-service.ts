import { MvirtError, type ObservedState, vmLabel } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from '../context.ts';
import { storedVm } from '../device-change.ts';
import type { SshService, WaitOptions } from '../services.ts';
import { addressesOf, pause, refuseDeaf } from '../vm-reach.ts';
import type { HostKeys } from './host-keys.ts';
import { firstAnswer, openSshPort } from './ssh-port.ts';

const lookMs = 500;

/** How a VM's guest is reached by SSH. */
export function createSshService(context: EngineContext, hostKeys: Pick<HostKeys, 'of' | 'dueMs' | 'forget'>): SshService {
  /** @throws WRONG_STATE where no SSH server answers, saying what to do about it */
  const answering = async (vm: StoredVm, { signal }: WaitOptions): Promise<string> => {
    refuseOff(vm);
    refuseDeaf(vm);
    const addresses = addressesOf(vm);
    if (addresses.length === 0) throw unreached(vm, 'has no address yet');
    const found = await firstAnswer(addresses, { clock: context.clock, signal });
    if (signal?.aborted) throw new MvirtError({ code: 'CANCELLED', message: 'the caller left before the end' });
    if ('address' in found) return found.address;
    throw unreached(vm, `does not answer to SSH: ${found.answers.join('; ')}`);
  };
  return {
    async target(id, { keysWithinMs, ...options }) {
      const vm = storedVm(context, id);
      const address = await answering(vm, options);
      const endMs = context.clock.nowMs() + keysWithinMs;
      // After the server has answered: what it printed as it came up is there by now.
      let keys = await hostKeys.of(id);
      while (keys === null && hostKeys.dueMs(id) > 0 && context.clock.nowMs() < endMs && !options.signal?.aborted) {
        await pause(context.clock, lookMs, options.signal);
        keys = await hostKeys.of(id);
      }
      return { vmId: vm.id, vmName: vm.name, address, user: vm.spec.ownDisk?.user ?? null, hostKeys: keys, keysDueMs: keys === null ? hostKeys.dueMs(id) : 0 };
    },
    async forgetHostKeys(id) {
      storedVm(context, id);
      return await hostKeys.forget(id);
    },
    async connect(id, options) {
      const vm = storedVm(context, id);
      const address = await answering(vm, options);
      try {
        return await openSshPort(address, { clock: context.clock, signal: options.signal });
      } catch (thrown) {
        throw unreached(vm, `does not answer to SSH: ${address}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, thrown);
      }
    },
  };
}

function unreached(vm: StoredVm, what: string, cause?: unknown): MvirtError {
  const label = vmLabel(vm);
  const hint = `mvirt wait ${label} ssh waits until it does; mvirt console ${label} shows what its guest is at`;
  return new MvirtError({ code: 'WRONG_STATE', message: `VM ${label} ${what}`, hint, cause });
}

const wayUp: Partial<Record<ObservedState, (label: string) => string>> = {
  stopped: (label) => `start it: mvirt start ${label}`,
  paused: (label) => `let it go on: mvirt resume ${label}`,
  starting: (label) => `wait for it: mvirt wait ${label} ssh`,
};

function refuseOff(vm: StoredVm): void {
  const { observed } = vm.condition;
  if (observed === 'running') return;
  const hint = wayUp[observed]?.(vmLabel(vm));
  throw new MvirtError({ code: 'WRONG_STATE', message: `VM ${vmLabel(vm)} is ${observed}`, ...(hint === undefined ? {} : { hint }) });
}
