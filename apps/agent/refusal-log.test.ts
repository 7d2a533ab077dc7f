import { expect, test } from 'bun:test';
import type { AgentLog } from './logger.ts';
import { createRefusalLog } from './refusal-log.ts';

test('a stranger fills no log: 20 lines a second, and the rest are counted', () => {
  const lines: string[] = [];
  const say = (message: string) => void lines.push(message);
  const log: AgentLog = { debug: say, info: say, warn: say, error: say };
  const clock = { nowMs: 5000 };
  const warn = createRefusalLog(log, () => clock.nowMs);
  for (let index = 0; index < 50; index++) warn(`no ${index}`);
  expect([lines.length, lines.at(-1)]).toEqual([20, 'no 19']);
  clock.nowMs += 1000;
  warn('later');
  expect(lines.slice(20)).toEqual(['30 more connections were refused', 'later']);
  clock.nowMs = 0;
  warn('the clock was set back');
  expect(lines.at(-1)).toBe('the clock was set back');
});
