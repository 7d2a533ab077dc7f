import { expect, test } from 'bun:test';
import { secondTry } from './second-try.ts';

const failure = (test: string) => ({ test, message: 'late' });
const [a, b, c] = [failure('engine/a.test.ts: one'), failure('engine/a.test.ts: two'), failure('mvirt/b.test.tsx: three')];

test('what holds alone is unsteady, what does not is failed; a file is run once', async () => {
  const ran: string[] = [];
  const run = (file: string) => {
    ran.push(file);
    return file.startsWith('engine/');
  };
  expect(await secondTry([a, b, c], run)).toEqual({ failed: [c], unsteady: [a, b] });
  expect(ran).toEqual(['engine/a.test.ts', 'mvirt/b.test.tsx']);
});

test('no second try for many files, nor where something else than a test failed', async () => {
  const never = () => {
    throw new Error('it should not run');
  };
  const many = [a, c, failure('host/d.test.ts: four')];
  expect(await secondTry(many, never)).toEqual({ failed: many, unsteady: [] });
  const left = [a, failure('engine: the test runner of engine')];
  expect(await secondTry(left, never)).toEqual({ failed: left, unsteady: [] });
  expect(await secondTry([], never)).toEqual({ failed: [], unsteady: [] });
});
