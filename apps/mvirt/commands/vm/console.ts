import { maxConsoleMessageBytes } from '@mvirt/api/schema/console-limit';
import { exitStatus } from '@mvirt/domain/error-table';
import { toCliError } from '../../cli/failure.ts';
import { argument, has, type Invocation, last } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { wholeNumber } from '../../cli/values.ts';
import { createPrefix } from '../../console/prefix.ts';
import { createHistoryFilter } from '../../console/queries.ts';
import { rawMode } from '../../console/raw-mode.ts';
import { printable } from '../../output/table.ts';

/** Of a piped input, read ahead of what the guest has taken. */
const maxQueuedBytes = 1 << 20;

/** Attaches this terminal; without one on stdin, stdin's bytes are typed and its end leaves. */
export async function run(invocation: Invocation): Promise<number> {
  const { io } = invocation;
  if (invocation.json) throw usageError('console: is bytes, and cannot be had as JSON', 'console');
  const vm = (await invocation.api().vm.get.query({ vm: argument(invocation, 'vm') })).id;
  const from = start(last(invocation, 'history') ?? '50');
  const { api } = invocation.live();
  const readOnly = has(invocation, 'read-only');
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const note = (text: string) => io.stderr.write(`\r\n[mvirt: ${printable(text)}]\r\n`);
  const history = createHistoryFilter();
  let live = false;

  const subscription = api.console.attach.subscribe(
    { vm, from },
    {
      onData: ({ data: message }) => {
        if (message.kind === 'data') io.stdout.write(live ? message.bytes : history.next(message.bytes));
        else if (message.kind === 'live') {
          if (!live) io.stdout.write(history.rest());
          live = true;
        } else if (message.kind === 'resync') note(`the console goes on after a gap${message.lostBytes === null ? '' : ` of ${message.lostBytes} bytes`}`);
        else note(message.running ? 'the VM runs' : 'the VM is off; Ctrl+a t leaves');
      },
      onError: reject,
      onComplete: () => resolve(exitStatus.done),
    },
  );

  // One write at a time, in order; what is typed meanwhile goes with the next one.
  let queue: Uint8Array = new Uint8Array();
  let sending: Promise<void> | null = null;
  const send = async () => {
    while (queue.length > 0) {
      const bytes = queue.slice(0, maxConsoleMessageBytes);
      queue = queue.slice(bytes.length);
      if (queue.length < maxQueuedBytes && process.stdin.isPaused()) process.stdin.resume();
      await api.console.write.mutate({ vm, bytes }).catch((error: unknown) => note(toCliError(error).message));
    }
    sending = null;
  };
  const type = (bytes: Uint8Array) => {
    if (readOnly || bytes.length === 0) return;
    queue = Buffer.concat([queue, bytes]);
    // A file piped in waits for the guest; a terminal is never made to, or the keys that leave would wait too.
    if (!io.stdinIsTerminal && queue.length >= maxQueuedBytes) process.stdin.pause();
    sending ??= send();
  };

  const prefix = createPrefix();
  const onInput = (chunk: Uint8Array) => {
    if (!io.stdinIsTerminal) return type(chunk);
    const typed = prefix(chunk);
    type(typed.bytes);
    if (typed.leave) resolve(exitStatus.done);
  };
  const onEnd = () => {
    const done = () => resolve(exitStatus.done);
    (sending ?? Promise.resolve()).then(done, done);
  };
  if (io.stdinIsTerminal) note(`console of ${argument(invocation, 'vm')}${readOnly ? ', read-only' : ''}; Ctrl+a t leaves`);
  using _raw = rawMode({ onLost: () => resolve(exitStatus.interrupted) });
  process.stdin.on('data', onInput).on('end', onEnd);
  invocation.signal.addEventListener('abort', () => resolve(exitStatus.interrupted), { once: true });
  try {
    return await promise;
  } finally {
    process.stdin.off('data', onInput).off('end', onEnd).pause();
    subscription.unsubscribe();
    if (io.stdinIsTerminal) note('left the console');
  }
}

function start(history: string): { kind: 'all' } | { kind: 'lines'; lines: number } {
  return history === 'all' ? { kind: 'all' } : { kind: 'lines', lines: wholeNumber(history, '--history') };
}
