import { type handleBidiStreamingCall, Metadata, type ServerDuplexStream } from '@grpc/grpc-js';
import { asVmId, MvirtError, toMvirtError, type VmId, vmLabel } from '@mvirt/domain';
import type { ConsoleMessage, Services } from '@mvirt/engine';
import type { ConsoleInput, ConsoleOutput } from '../wire/index.ts';
import { type CallDeps, failed, send, signalOf } from './call.ts';

/** The guest's serial line, both ways, from the moment of the call to the end of the VM's run. */
export function consoleMethods(services: Pick<Services, 'vms' | 'consoles'>, deps: CallDeps) {
  const Console: handleBidiStreamingCall<ConsoleInput, ConsoleOutput> = async (call) => {
    try {
      await converse(services, call, signalOf(call, deps));
      call.end();
    } catch (thrown) {
      call.emit('error', failed(thrown, deps, 'Console'));
    }
  };
  return { Console };
}

type ConsoleCall = ServerDuplexStream<ConsoleInput, ConsoleOutput>;

/** @throws what either direction ends with; a run that ends is no failure */
async function converse({ vms, consoles }: Pick<Services, 'vms' | 'consoles'>, call: ConsoleCall, hungUp: AbortSignal): Promise<void> {
  const over = new AbortController();
  const signal = AbortSignal.any([hungUp, over.signal]);
  // Left undestroyed: a client that has sent all it wants to goes on listening.
  const inputs: AsyncIterator<ConsoleInput> = call.iterator({ destroyOnReturn: false });
  try {
    const first = await firstOf(inputs, signal);
    const id = runningVm(vms, first);
    const printed = consoles.attach(id, { from: { kind: 'live' }, signal });
    call.sendMetadata(new Metadata());
    const output = send(call, outputOf(printed), signal);
    const ended = () => signal.aborted || !isOn(vms, id);
    const refused = typing((bytes) => consoles.write(id, bytes, { signal }), { id, first, inputs, ended });
    await Promise.race([output, unlessOver(refused, output)]);
    hungUp.throwIfAborted();
  } finally {
    over.abort();
  }
}

/** A VMM's end is felt by its line a moment before it is known as the run's end. */
const endTellMs = 3000;

/** A refusal of what was typed, unless the run's end follows it: the output tells that, after its last byte. */
async function unlessOver(refused: Promise<never>, output: Promise<void>): Promise<never> {
  try {
    return await refused;
  } catch (thrown) {
    const { code } = toMvirtError(thrown);
    if (code !== 'CONSOLE_READ_ONLY' && code !== 'WRONG_STATE') throw thrown;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, endTellMs);
    await Promise.race([output, late]).finally(() => clearTimeout(timer));
    throw thrown;
  }
}

async function firstOf(inputs: AsyncIterator<ConsoleInput>, signal: AbortSignal): Promise<ConsoleInput> {
  const left = Promise.withResolvers<never>();
  const leave = () => left.reject(signal.reason);
  signal.addEventListener('abort', leave, { once: true });
  try {
    signal.throwIfAborted();
    const first = await Promise.race([inputs.next(), left.promise]);
    if (first.done) throw nameless();
    return first.value;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

const nameless = (): MvirtError => new MvirtError({ code: 'INVALID_ARGUMENT', message: 'vm_id: the first message must name a VM' });

function runningVm(vms: Services['vms'], { vm_id }: ConsoleInput): VmId {
  if (vm_id === '') throw nameless();
  const vm = vms.get(asVmId(vm_id));
  const { observed } = vm.condition;
  if (observed !== 'stopped' && observed !== 'starting') return vm.id;
  throw new MvirtError({ code: 'WRONG_STATE', message: `VM ${vmLabel(vm)} is not running: it is ${observed}` });
}

const isOn = (vms: Services['vms'], id: VmId): boolean => vms.list().some((vm) => vm.id === id && vm.condition.observed !== 'stopped');

async function* outputOf(messages: AsyncIterable<ConsoleMessage>): AsyncGenerator<ConsoleOutput> {
  for await (const message of messages) {
    if (message.kind === 'data') yield { data: message.bytes };
    if (message.kind === 'run' && !message.running) return;
  }
}

/** So much is given to the guest at once: what 16 clients send fits into its line's queue. */
const chunkBytes = 4096;

/** ended: the run has, or the call. */
type Typing = { id: VmId; first: ConsoleInput; inputs: AsyncIterator<ConsoleInput>; ended(): boolean };

/** Reads no further message before the guest has taken this one. Ends with a failure only: when the client is done it goes on listening. */
async function typing(write: (bytes: Uint8Array) => Promise<void>, { id, first, inputs, ended }: Typing): Promise<never> {
  const listening = new Promise<never>(() => {});
  try {
    for (let input = first; ; ) {
      for (let start = 0; start < input.data.length; start += chunkBytes) {
        await write(input.data.subarray(start, start + chunkBytes));
      }
      const next = await inputs.next();
      if (next.done) return listening;
      input = next.value;
      if (input.vm_id !== '' && input.vm_id !== id) throw anotherVm(input.vm_id, id);
    }
  } catch (thrown) {
    // That the run has ended the output tells, after its last byte.
    if (ended()) return listening;
    throw thrown;
  }
}

const anotherVm = (given: string, id: VmId): MvirtError =>
  new MvirtError({ code: 'INVALID_ARGUMENT', message: `vm_id: this console is VM ${id}'s, and cannot become that of ${given}`, hint: 'open another call' });
