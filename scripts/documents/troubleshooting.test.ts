import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsDocument } from './errors.ts';

const root = join(import.meta.dir, '../..');
const read = (name: string): string => readFileSync(join(root, 'docs', name), 'utf8');

test('docs/errors.md is what npm run generate makes', () => {
  expect(read('errors.md')).toBe(errorsDocument());
});

test('what docs/troubleshooting.md quotes is what the program says', () => {
  const sources = [...new Bun.Glob('{apps,packages}/**/*.{ts,tsx}').scanSync(root)]
    .filter((path) => !/node_modules|\.test\.|\/testing\/|testkit/.test(path))
    .map((path) => readFileSync(join(root, path), 'utf8'));
  const quoted = [...read('troubleshooting.md').matchAll(/^### `(.*)`$/gm)].map(([, text = '']) => text);
  expect(quoted.length).toBeGreaterThan(15);
  // Each part between names and numbers stands in one file, in this order.
  const said = (text: string): boolean => {
    const parts = text.split('…').filter((part) => part.trim().length > 2);
    const pattern = new RegExp(parts.map((part) => RegExp.escape(part.trim())).join('[^\\n]*?'));
    return parts.length > 0 && sources.some((source) => pattern.test(source));
  };
  expect(quoted.filter((text) => !said(text))).toEqual([]);
});
