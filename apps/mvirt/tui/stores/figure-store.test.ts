import { expect, test } from 'bun:test';
import type { UsageDocument, UsageReadingDocument } from '@mvirt/api/schema';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createFakeAgent } from '../testing/fake-agent.ts';
import { createFigureStore } from './figure-store.ts';

const usage = (id: string, cpuPercent: number): UsageDocument => ({ id, cpuPercent, rssBytes: 0 });

test('only what is new is asked for, and what is known stays', async () => {
  const answers: UsageReadingDocument[] = [
    { reading: 7, whole: true, figures: [usage('a', 1), usage('b', 2)] },
    { reading: 8, whole: false, figures: [usage('b', 5)] },
    { reading: 8, whole: false, figures: [] },
    { reading: 9, whole: true, figures: [usage('b', 5)] },
  ];
  const asked: (number | null)[] = [];
  const told: Record<string, number | null>[] = [];
  const due: (() => void)[] = [];
  const { agent } = createFakeAgent();
  const store = createFigureStore({
    agent: {
      host: agent.host,
      usage: async (since) => {
        asked.push(since);
        const next = answers.shift();
        if (next === undefined) throw new Error('the agent is away');
        return next;
      },
    },
    timers: {
      after: (_ms, run) => {
        due.push(run);
        return () => {};
      },
    },
    onUsage: (figures) => told.push(Object.fromEntries(figures.map(({ id, cpuPercent }) => [id, cpuPercent]))),
  });
  const stop = store.watch();
  for (let turn = 0; turn < 5; turn += 1) (await waitFor('the next turn', () => due.shift()))();
  await waitFor('the last question', () => asked.length === 6);
  stop();
  expect(asked).toEqual([null, 7, 8, 8, 9, 9]);
  expect(told).toEqual([{ a: 1, b: 2 }, { a: 1, b: 5 }, { a: 1, b: 5 }, { b: 5 }]);
});
