import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createVmServiceDefinition } from '../wire/index.ts';

const document = readFileSync(join(import.meta.dir, '../../../docs/grpc.md'), 'utf8');
const rows = (heading: string): string[][] =>
  (document.split(heading)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) =>
      line
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    )
    .slice(2);

const testNames = readdirSync(import.meta.dir)
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => readFileSync(join(import.meta.dir, file), 'utf8'))
  .flatMap((text) => [...text.matchAll(/test(?:\.skipIf\(.*\))?\(\s*'([^'\n]+)'/g)].map(([, name]) => name));
const shared = ['the NIC cases, in a network namespace'];

test('docs/grpc.md has every method, and every row of it the name of a test', () => {
  const methods = rows('\n## Methods');
  expect(
    methods
      .flatMap(([first = '']) => first.split(', '))
      .filter((name) => /^[A-Z]/.test(name))
      .sort(),
  ).toEqual(Object.keys(createVmServiceDefinition()).sort());
  const named = [...methods, ...rows('\n## Limits of a connection')].map((row) => row.at(-1));
  expect(named.length).toBeGreaterThan(30);
  for (const name of named) expect([...testNames, ...shared]).toContain(name);
});
