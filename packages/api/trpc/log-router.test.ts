import { expect, test } from 'bun:test';
import type { LogLine } from '@mvirt/engine';
import { createPlace } from './log-router.ts';

const line = (atMs: number | null): LogLine => ({ atMs, source: 'event', level: 'info', text: '' });

/** The ids of the lines that a watch sends. */
const send = (lastId: string | null, lines: LogLine[]) => {
  const place = createPlace(lastId);
  return lines.flatMap((next) => (place.isNew(next) ? [place.id()] : []));
};

const lines = [null, null, 5, 5, 5, 7, 9].map(line);
const ids = ['-:1', '-:2', '5:1', '5:2', '5:3', '7:1', '9:1'];

test('each line gets an id of its own', () => {
  expect(send(null, lines)).toEqual(ids);
});

test.each(ids)('after %s exactly the rest follows', (id) => {
  const { sinceMs } = createPlace(id);
  const asked = lines.filter(({ atMs }) => sinceMs === null || (atMs !== null && atMs >= sinceMs));
  expect(send(id, asked)).toEqual(ids.slice(ids.indexOf(id) + 1));
  expect(send(id, lines)).toEqual(ids.slice(ids.indexOf(id) + 1));
});
