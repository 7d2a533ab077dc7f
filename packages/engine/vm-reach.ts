import { type Clock, MvirtError, type VmId, vmLabel } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { storedVm } from './device-change.ts';
import type { WaitOptions } from './services.ts';
import { firstAnswer } from './ssh/ssh-port.ts';
import { untilVm } from './vm-wait.ts';

export type ReachOptions = WaitOptions & { timeoutMs: number | null };

/** What the NICs of a VM that is up were seen to have; IPv4 of each NIC first. */
export function addressesOf(vm: StoredVm): string[] {
  const { run, spec } = vm;
  return run?.live ? spec.nics.flatMap(({ mac }) => (mac === null ? [] : (run.addresses?.[mac] ?? []))) : [];
}

/** Waits until a NIC of the VM has an address. @throws TIMEOUT, VM_NOT_FOUND, WRONG_STATE where it has no NIC that could get one */
export async function waitForIp(context: EngineContext, id: VmId, { signal, timeoutMs }: ReachOptions): Promise<StoredVm> {
  refuseDeaf(storedVm(context, id));
  const hint = `mvirt get ${vmLabel(storedVm(context, id))} shows its NICs; the guest has to ask for an address (DHCP) or to speak`;
  return await untilVm(context, id, (vm) => addressesOf(vm).length > 0, { signal, timeoutMs, what: 'reachable by an address', hint });
}

const pauseMs = 250;

/** Waits until an SSH server answers at one of the VM's addresses. @throws TIMEOUT, VM_NOT_FOUND, WRONG_STATE */
export async function waitForSsh(context: EngineContext, id: VmId, { signal, timeoutMs }: ReachOptions): Promise<StoredVm> {
  const { clock } = context;
  const startedAtMs = clock.nowMs();
  let last = 'no address yet';
  for (;;) {
    const leftMs = timeoutMs === null ? null : Math.max(0, timeoutMs - (clock.nowMs() - startedAtMs));
    const vm = await waitForIp(context, id, { timeoutMs: leftMs, ...(signal && { signal }) });
    const found = await firstAnswer(addressesOf(vm), { clock, signal });
    if ('address' in found) return storedVm(context, id);
    last = found.answers.join('; ');
    if (signal?.aborted) throw new MvirtError({ code: 'CANCELLED', message: 'the caller left before the end', cause: signal.reason });
    if (timeoutMs !== null && clock.nowMs() - startedAtMs >= timeoutMs) {
      const message = `VM ${vmLabel(vm)} does not answer to SSH after ${timeoutMs / 1000} s: ${last}`;
      throw new MvirtError({ code: 'TIMEOUT', message, hint: `mvirt console ${vmLabel(vm)} shows whether its SSH server runs` });
    }
    await pause(clock, pauseMs, signal);
  }
}

/** A VM without a NIC never gets an address: nobody waits for it. @throws WRONG_STATE */
export function refuseDeaf(vm: StoredVm): void {
  if (vm.spec.nics.length > 0) return;
  const message = `VM ${vmLabel(vm)} has no NIC, so it gets no address`;
  throw new MvirtError({ code: 'WRONG_STATE', message, hint: `mvirt attach-nic ${vmLabel(vm)} gives it one` });
}

/** Until the time is over, or the signal is aborted. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(delayMs, resolve);
  signal?.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  timer[Symbol.dispose]();
}
