import type { LogLineDocument } from '@mvirt/api/schema';
import { follow } from '../../cli/follow.ts';
import { argument, has, type Invocation, last } from '../../cli/invocation.ts';
import { moment } from '../../cli/values.ts';
import { createPaint, type Paint } from '../../output/colour.ts';
import { writeDocument, writeLine } from '../../output/json.ts';
import { printable } from '../../output/table.ts';
import { consoleLog } from './console-log.ts';

/** Lines shown where no time is given. */
const tail = 200;

export async function run(invocation: Invocation): Promise<number> {
  const { io, json } = invocation;
  const vm = argument(invocation, 'vm');
  const since = last(invocation, 'since');
  const sinceMs = since === undefined ? null : moment(since, Date.now());
  const following = has(invocation, 'follow');
  if (has(invocation, 'console')) return consoleLog(invocation, { vm, sinceMs, following });
  const paint = createPaint(io.stdout.isTerminal, io.env);
  if (!following) {
    const lines = await invocation.api().log.read.query({ vm, sinceMs, limit: sinceMs === null ? tail : 10_000 });
    if (json) writeDocument(io, { lines });
    else io.stdout.write(lines.map((line) => logLine(line, paint)).join(''));
    return 0;
  }
  const live = await invocation.live();
  return follow(invocation, (listener) =>
    live.api.log.watch.subscribe(
      { vm, sinceMs, tail },
      {
        ...listener,
        onData: ({ data: line }) => {
          if (json) writeLine(io, line);
          else io.stdout.write(logLine(line, paint));
        },
      },
    ),
  );
}

const levels = { info: null, warning: 'yellow', error: 'red' } as const;

function logLine(line: LogLineDocument, paint: Paint): string {
  const colour = levels[line.level];
  const text = printable(line.text);
  return `${line.at ?? '-'.padEnd(24)}  ${line.source.padEnd(10)}  ${colour === null ? text : paint(colour, text)}\n`;
}
