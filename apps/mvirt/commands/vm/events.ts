import type { EventDocument } from '@mvirt/api/schema';
import { follow } from '../../cli/follow.ts';
import { has, type Invocation, last } from '../../cli/invocation.ts';
import { wholeNumber } from '../../cli/values.ts';
import { writeDocument, writeLine } from '../../output/json.ts';
import { printable } from '../../output/table.ts';
import { shortId } from '../../output/vm-lines.ts';

/** Events asked for at a time, where those since a number are wanted. */
const page = 1000;

export async function run(invocation: Invocation): Promise<number> {
  const { io, json } = invocation;
  const asked = last(invocation, 'since');
  const since = asked === undefined ? null : wholeNumber(asked, '--since');
  if (!has(invocation, 'follow')) {
    const events = await readAll(invocation, since);
    if (json) writeDocument(io, { events });
    else io.stdout.write(events.map(eventLine).join(''));
    return 0;
  }
  const live = await invocation.live();
  return follow(invocation, (listener) =>
    live.api.event.watch.subscribe(
      { since },
      {
        ...listener,
        onData: ({ data: message }) => {
          if (message.kind === 'from' && message.missed) io.stderr.write('mvirt: warning: the agent no longer has events up to that number\n');
          if (message.kind === 'event' && json) writeLine(io, message.event);
          else if (message.kind === 'event') io.stdout.write(eventLine(message.event));
        },
      },
    ),
  );
}

async function readAll(invocation: Invocation, since: number | null): Promise<EventDocument[]> {
  const { event } = invocation.api();
  if (since === null) return event.read.query({ since, limit: 100 });
  const events: EventDocument[] = [];
  for (let from = since; ; ) {
    const next = await event.read.query({ since: from, limit: page });
    events.push(...next);
    from = next.at(-1)?.seq ?? from;
    if (next.length < page) return events;
  }
}

const eventLine = (event: EventDocument): string =>
  `${event.seq}  ${event.at}  ${printable(event.vmName ?? shortId(event.vmId))}  ${event.type}  ${printable(event.message)}\n`;
