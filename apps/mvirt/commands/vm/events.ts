import type { EventDocument, FollowedEvent } from '@mvirt/api/schema';
import { exitStatus } from '@mvirt/domain/error-table';
import { has, type Invocation, last } from '../../cli/invocation.ts';
import { wholeNumber } from '../../cli/values.ts';
import { writeDocument, writeLine } from '../../output/json.ts';
import { printable } from '../../output/table.ts';
import { shortId } from '../../output/vm-lines.ts';

/** Events asked for at a time, where those since a number are wanted. */
const page = 1000;

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, client, signal } = invocation;
  const asked = last(invocation, 'since');
  const since = asked === undefined ? null : wholeNumber(asked, '--since');
  const gone = (droppedTo: number) => void io.stderr.write(`mvirt: warning: events up to ${droppedTo} are no longer kept\n`);
  if (!has(invocation, 'follow')) {
    const events = await readAll(invocation, since);
    const droppedTo = await client().eventsDroppedTo({ signal });
    if (since !== null && since < droppedTo) gone(droppedTo);
    if (json) writeDocument(io, { events, droppedTo });
    else io.stdout.write(events.map(eventLine).join(''));
    return 0;
  }
  const onMissed = () => void io.stderr.write('mvirt: warning: not all events after that number are there: the agent no longer has them, or never had\n');
  const onEvent = (event: FollowedEvent) => (json ? writeLine(io, event) : io.stdout.write(eventLine(event)));
  await client().watchEvents({ since, onEvent, onMissed }, { signal });
  return signal.aborted ? exitStatus.interrupted : exitStatus.done;
}

async function readAll({ client, signal }: Invocation, since: number | null): Promise<EventDocument[]> {
  if (since === null) return client().readEvents({ since, limit: 100 }, { signal });
  const events: EventDocument[] = [];
  for (let from = since; ; ) {
    const next = await client().readEvents({ since: from, limit: page }, { signal });
    events.push(...next);
    from = next.at(-1)?.seq ?? from;
    if (next.length < page) return events;
  }
}

const eventLine = ({ seq, at, vmName, vmId, type, message }: FollowedEvent): string =>
  `${[seq ?? '-', at, printable(vmName ?? shortId(vmId)), type ?? '-', printable(message ?? '')].join('  ').trimEnd()}\n`;
