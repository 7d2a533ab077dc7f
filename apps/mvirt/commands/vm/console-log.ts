import { follow } from '../../cli/follow.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';

export type ConsoleLogRequest = { vm: string; sinceMs: number | null; following: boolean };

/** The console's bytes on standard output, as the guest wrote them; ends with the history unless it follows. */
export async function consoleLog(invocation: Invocation, { vm, sinceMs, following }: ConsoleLogRequest): Promise<number> {
  const { io } = invocation;
  if (invocation.json) throw usageError('--console: is bytes, and cannot be had with --json', 'logs');
  const from = sinceMs === null ? ({ kind: 'all' } as const) : ({ kind: 'since', atMs: sinceMs } as const);
  const live = await invocation.live();
  return follow(invocation, (listener) =>
    live.api.console.attach.subscribe(
      { vm, from },
      {
        ...listener,
        onData: ({ data: message }) => {
          if (message.kind === 'data') io.stdout.write(message.bytes);
          if (message.kind === 'resync')
            io.stderr.write(`mvirt: the log goes on after a gap${message.lostBytes === null ? '' : ` of ${message.lostBytes} bytes`}\n`);
          if (message.kind === 'live' && !following) listener.onComplete();
        },
      },
    ),
  );
}
