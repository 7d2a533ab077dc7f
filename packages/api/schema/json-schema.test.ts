import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaFiles } from './json-schema.ts';

test('docs/schema is what the code says: run `npm run generate` where this fails', () => {
  const folder = join(import.meta.dir, '../../../docs/schema');
  const found = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  expect(found).toEqual(schemaFiles());
});
