import { connect } from 'node:net';
import { type Clock, MvirtError, type VmId, vmLabel } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { storedVm } from './device-change.ts';
import type { WaitOptions } from './services.ts';
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

const sshPort = 22;
const attemptMs = 3_000;
const pauseMs = 250;

/** Waits until an SSH server answers at one of the VM's addresses. @throws TIMEOUT, VM_NOT_FOUND, WRONG_STATE */
export async function waitForSsh(context: EngineContext, id: VmId, { signal, timeoutMs }: ReachOptions): Promise<StoredVm> {
  const { clock } = context;
  const startedAtMs = clock.nowMs();
  let last = 'no address yet';
  for (;;) {
    const leftMs = timeoutMs === null ? null : Math.max(0, timeoutMs - (clock.nowMs() - startedAtMs));
    const vm = await waitForIp(context, id, { timeoutMs: leftMs, ...(signal && { signal }) });
    const answers = await Promise.all(addressesOf(vm).map((address) => sshAnswer(address, clock, signal)));
    if (answers.includes('ssh')) return storedVm(context, id);
    last = addressesOf(vm)
      .map((address, index) => `${address}: ${answers[index]}`)
      .join('; ');
    if (signal?.aborted) throw new MvirtError({ code: 'CANCELLED', message: 'the caller left before the end', cause: signal.reason });
    if (timeoutMs !== null && clock.nowMs() - startedAtMs >= timeoutMs) {
      const message = `VM ${vmLabel(vm)} does not answer to SSH after ${timeoutMs / 1000} s: ${last}`;
      throw new MvirtError({ code: 'TIMEOUT', message, hint: `mvirt console ${vmLabel(vm)} shows whether its SSH server runs` });
    }
    await pause(clock, pauseMs, signal);
  }
}

/** A VM without a NIC that can get an address never gets one: nobody waits for it. */
function refuseDeaf(vm: StoredVm): void {
  if (vm.spec.nics.length > 0) return;
  const message = `VM ${vmLabel(vm)} has no NIC, so it gets no address`;
  throw new MvirtError({ code: 'WRONG_STATE', message, hint: `mvirt attach-nic ${vmLabel(vm)} gives it one` });
}

/** 'ssh', or what happened instead, for people (RFC 4253, 4.2: the server speaks first). */
async function sshAnswer(address: string, clock: Clock, signal: AbortSignal | undefined): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect({ host: address, port: sshPort });
  const timer = clock.after(attemptMs, () => resolve('no answer'));
  const leave = () => resolve('given up');
  signal?.addEventListener('abort', leave, { once: true });
  let heard = '';
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1');
    // Lines may come before the one that begins so.
    if (/^SSH-\d/m.test(heard)) resolve('ssh');
    else if (heard.length > 1024) resolve('what listens on port 22 speaks no SSH');
  });
  socket.on('error', (error) => resolve(error.message));
  socket.on('close', () => resolve('closed without a word'));
  try {
    return await promise;
  } finally {
    timer[Symbol.dispose]();
    signal?.removeEventListener('abort', leave);
    socket.destroy();
  }
}

async function pause(clock: Clock, delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = clock.after(delayMs, resolve);
  signal?.addEventListener('abort', () => resolve(), { once: true });
  await promise;
  timer[Symbol.dispose]();
}
