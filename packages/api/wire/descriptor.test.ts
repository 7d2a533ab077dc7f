import { expect, test } from 'bun:test';
import { protoText } from '@mvirt/testkit/contract/proto-text';
import { describeProto, noPython } from '@mvirt/testkit/contract/python';
import ours from '../../../proto/mvirt.proto' with { type: 'text' };

const missing = noPython();
if (missing) console.log(`skipped: ${missing}`);

/** The same whatever the order in which the file names things: every list by its names, every oneof where its field is. */
function structure(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structure).sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  if (typeof value !== 'object' || value === null) return value;
  const { oneofDecl, field, ...rest } = value as { oneofDecl?: { name: string }[]; field?: { oneofIndex?: number }[] };
  const fields = field?.map(({ oneofIndex, ...one }) => ({ ...one, presence: oneofIndex === undefined ? 'none' : oneofDecl?.[oneofIndex]?.name }));
  return Object.fromEntries(Object.entries({ ...rest, ...(fields ? { field: fields } : {}) }).map(([key, one]) => [key, structure(one)]));
}

test.skipIf(missing !== null)("another compiler makes the same of proto/mvirt.proto as of the contract's tables", () => {
  const found = structure(describeProto(ours));
  expect(found).toEqual(structure(describeProto(protoText('v2'))));
  expect(found).not.toEqual(structure(describeProto(protoText('v1'))));
  const { messageType } = describeProto(ours) as { messageType: { name: string; field: { name: string; oneofIndex?: number }[] }[] };
  const started = messageType.find(({ name }) => name === 'Vm')?.field.find(({ name }) => name === 'started_at');
  expect(started).toMatchObject({ number: 6, type: 'TYPE_INT64', oneofIndex: expect.any(Number) });
});
