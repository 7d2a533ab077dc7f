import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { eventsDocument } from './events.ts';

test('docs/events.md is what npm run generate makes', () => {
  expect(readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8')).toBe(eventsDocument());
});
