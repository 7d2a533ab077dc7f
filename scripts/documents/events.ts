import { eventDetails, exitCauseKinds, lifecycleEventTypes } from '@mvirt/domain';
import { z } from 'zod';

type Fields = { properties?: Record<string, { description?: string }>; anyOf?: Fields[] };

/** docs/events.md. */
export function eventsDocument(): string {
  const types = lifecycleEventTypes.map((type) => {
    const { means, detail } = eventDetails[type];
    const fields = fieldsOf(z.toJSONSchema(detail) as Fields).map(([name, what]) => `  - \`${name}\`: ${what}`);
    return [`- \`${type}\`: ${means}`, ...fields].join('\n');
  });
  return `${[...head, '## Types', types.join('\n'), '## Causes', causes()].join('\n\n')}\n`;
}

const fieldsOf = ({ properties = {}, anyOf = [] }: Fields): [string, string][] => [
  ...Object.entries(properties).map(([name, { description = '' }]): [string, string] => [name, description]),
  ...anyOf.flatMap(fieldsOf),
];

const causes = (): string =>
  `\`cause\`, and \`lastExit\` of a VM, is one of ${exitCauseKinds.map((kind) => `\`${kind}\``).join(', ')}. \`not-observable\`: the VMM has ended, and nobody is left who could say how.`;

const head = [
  '# Lifecycle events',
  'Made from the code by `npm run generate`. Tests of the engine check what is recorded against it.',
  `\`mvirt events\` prints what happened to VMs, \`mvirt events -f\` goes on, and \`mvirt events --since SEQ\` begins after an event: its \`seq\` is never used twice, also not by a later agent, so a
program that keeps the last one it has seen misses nothing. The newest 100,000 events of 90 days are kept, and the newest 1,000 of any age; \`droppedTo\` is the last of those that are gone.`,
  `Under \`--json\` an event has \`seq\`, \`at\` (RFC 3339, UTC), \`vmId\`, \`vmName\` (null: it has none), \`type\`, \`message\` (a line for people, which may change between releases) and \`detail\` (an object,
with the fields below; later releases may add more). The schemas are [events.json](schema/events.json) and, with \`-f\`, [events-follow.json](schema/events-follow.json). Through gRPC, what the
contract has no word for is null ([grpc.md](grpc.md)).`,
];
