import { expect, test } from 'bun:test';
import { enums, messages, methods, rowsOf } from '@mvirt/testkit/contract/tables';
import { Enum, type Field, type Service, Type } from 'protobufjs';
import { loadProto } from './index.ts';

/** A table's rows as they have to be in the file, which serves both generations. */
const rows = (table: string): string[] =>
  rowsOf(table, 'v2')
    .map(([name, fields]) => `${name}: ${fields.join(', ')}`.trim())
    .sort();

const root = loadProto();
const all = root.lookup('mvirt');
if (all === null || !('nestedArray' in all)) throw new Error('proto/mvirt.proto has no package mvirt');
const nested = all.nestedArray as unknown[];

const field = ({ name, id, type, repeated, options }: Field): string =>
  `${name} ${id} ${repeated ? 'repeated ' : ''}${options?.proto3_optional === true ? 'optional ' : ''}${type}`;

test('enums', () => {
  const found = nested
    .filter((one) => one instanceof Enum)
    .map(
      ({ name, values }) =>
        `${name}: ${Object.entries(values)
          .map(([key, value]) => `${key} ${value}`)
          .join(', ')}`,
    );
  expect(found.sort()).toEqual(rows(enums));
});

test('messages: every field, number, type and presence', () => {
  const found = nested
    .filter((one) => one instanceof Type)
    .map(({ name, fieldsArray }) =>
      `${name}: ${fieldsArray
        .toSorted((a, b) => a.id - b.id)
        .map(field)
        .join(', ')}`.trim(),
    );
  expect(found.sort()).toEqual(rows(messages));
});

test('methods of VmService, and nothing else in the file', () => {
  const service: Service = root.lookupService('mvirt.VmService');
  const stream = (is: boolean | undefined) => (is ? 'stream ' : '');
  const found = service.methodsArray.map(
    ({ name, requestStream, requestType, responseStream, responseType }) =>
      `${name}: ${stream(requestStream)}${requestType} → ${stream(responseStream)}${responseType}`,
  );
  expect(found.sort()).toEqual(rows(methods));
  expect(nested.filter((one) => !(one instanceof Enum || one instanceof Type || one === service))).toEqual([]);
});
