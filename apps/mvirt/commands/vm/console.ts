import { maxConsoleMessageBytes } from '@mvirt/api/schema/console-limit';
import { exitStatus } from '@mvirt/domain/error-table';
import { toCliError } from '../../cli/failure.ts';
import { argument, has, type Invocation, last } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { wholeNumber } from '../../cli/values.ts';
import { createInputQueue } from '../../console/input-queue.ts';
import { createPrefix } from '../../console/prefix.ts';
import { createHistoryFilter } from '../../console/queries.ts';
import { rawMode } from '../../console/raw-mode.ts';
import { printable } from '../../output/table.ts';

/** Of a piped input, read ahead of what the guest has taken. */
const maxQueuedBytes = 1 << 20;

/** What was typed before Ctrl+a t may take this long to arrive. */
const lastWordsMs = 1000;

/** Attaches this terminal; without one on stdin, stdin's bytes are typed and its end leaves. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, signal, client } = invocation;
  if (invocation.json) throw usageError('console: is bytes, and cannot be had as JSON', 'console');
  const from = start(last(invocation, 'history'));
  const door = await client().console(argument(invocation, 'vm'), from, { signal });
  const readOnly = has(invocation, 'read-only');
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const note = (text: string) => io.stderr.write(`\r\n[mvirt: ${printable(text)}]\r\n`);
  const history = createHistoryFilter();
  let live = false;

  if (io.stdinIsTerminal) note(`console of ${argument(invocation, 'vm')}${readOnly ? ', read-only' : ''}; Ctrl+a t leaves`);
  using _raw = rawMode({ onLost: () => resolve(exitStatus.interrupted) });
  const link = door.attach({
    onMessage(message) {
      if (message.kind === 'data') io.stdout.write(live ? message.bytes : history.next(message.bytes));
      else if (message.kind === 'live') {
        io.stdout.write(history.rest());
        live = true;
      } else if (message.kind === 'resync') note(`the console goes on after a gap${message.lostBytes === null ? '' : ` of ${message.lostBytes} bytes`}`);
      else note(message.running ? 'the VM runs' : 'the VM is off; Ctrl+a t leaves');
    },
    onAway: (away) => note(away ? 'the agent is away; this goes on when it is back' : 'the agent is back'),
    onError: reject,
    onEnd(why) {
      if (why !== null) note(why);
      resolve(exitStatus.done);
    },
  });

  const queue = createInputQueue({
    write: link.write,
    maxMessageBytes: maxConsoleMessageBytes,
    onError: (error) => note(toCliError(error).message),
    maxQueuedBytes,
    // A file piped in waits for the guest; a terminal is never made to, or the keys that leave would wait too.
    onFull: (full) => {
      if (!io.stdinIsTerminal) process.stdin[full ? 'pause' : 'resume']();
    },
  });
  const type = (bytes: Uint8Array) => {
    if (!readOnly) queue.push(bytes);
  };
  const prefix = createPrefix();
  const onInput = (chunk: Uint8Array) => {
    if (!io.stdinIsTerminal) return type(chunk);
    const typed = prefix(chunk);
    type(typed.bytes);
    if (typed.leave) void Promise.race([queue.drained(), Bun.sleep(lastWordsMs)]).then(() => resolve(exitStatus.done));
  };
  const onEnd = () => void queue.drained().then(() => resolve(exitStatus.done));

  process.stdin.on('data', onInput).on('end', onEnd);
  signal.addEventListener('abort', () => resolve(exitStatus.interrupted), { once: true });
  try {
    return await promise;
  } finally {
    process.stdin.off('data', onInput).off('end', onEnd).pause();
    await link.close();
    if (io.stdinIsTerminal) note('left the console');
  }
}

/** null: as the door has it. */
function start(history: string | undefined): { kind: 'all' } | { kind: 'lines'; lines: number } | null {
  if (history === undefined) return null;
  return history === 'all' ? { kind: 'all' } : { kind: 'lines', lines: wholeNumber(history, '--history') };
}
