import { expect, test } from 'bun:test';
import { createLiveness } from './liveness.ts';

function open() {
  let now = 1_000;
  let timer: { at: number; run: () => void } | null = null;
  const told: (number | null)[] = [];
  const liveness = createLiveness({
    nowMs: () => now,
    timers: {
      after: (ms, run) => {
        const mine = { at: now + ms, run };
        timer = mine;
        return () => {
          if (timer === mine) timer = null;
        };
      },
    },
    onSilence: (seconds) => told.push(seconds),
  });
  const pass = (seconds: number) => {
    for (const end = now + seconds * 1000; now < end; ) {
      now += 100;
      if (timer === null || timer.at > now) continue;
      const { run } = timer;
      timer = null;
      run();
    }
  };
  return { liveness, told, pass, waits: () => timer !== null };
}

test('an agent that answers is never called silent, and nothing ticks while nothing is asked', () => {
  const { liveness, told, pass, waits } = open();
  for (let round = 0; round < 5; round += 1) {
    const done = liveness.asked();
    pass(2);
    liveness.heard();
    done();
    expect(waits()).toBe(false);
    pass(60);
  }
  expect(told).toEqual([]);
});

test('silence is counted from the last answer, and its end told once', () => {
  const { liveness, told, pass } = open();
  const done = liveness.asked();
  pass(5);
  expect(told).toEqual([3, 4, 5]);
  liveness.heard();
  done();
  pass(5);
  expect(told).toEqual([3, 4, 5, null]);
});

test('while a connection is tried again and again, that is told instead', () => {
  const { liveness, told, pass } = open();
  liveness.asked();
  for (let attempt = 0; attempt < 10; attempt += 1) {
    pass(1);
    liveness.moved();
  }
  expect(told).toEqual([]);
  pass(3);
  expect(told).toEqual([13]);
});

test('a question that was given up is waited for no longer', () => {
  const { liveness, told, pass, waits } = open();
  const first = liveness.asked();
  const second = liveness.asked();
  first();
  first();
  expect(waits()).toBe(true);
  second();
  expect(waits()).toBe(false);
  pass(10);
  expect(told).toEqual([]);
});
