import { expect, test } from 'bun:test';
import type { Clock } from './clock.ts';
import { createWatchdog } from './watchdog.ts';

/** Holds its timers until the test lets them go. */
function heldClock() {
  const timers = new Set<() => void>();
  const clock: Clock = {
    nowMs: () => 0,
    after(_ms, call) {
      timers.add(call);
      return { [Symbol.dispose]: () => void timers.delete(call) };
    },
  };
  const tick = () => {
    for (const call of [...timers]) {
      timers.delete(call);
      call();
    }
  };
  return { clock, timers, tick };
}

test('all VMs share one timer, which is there only while there are any', () => {
  const { clock, timers, tick } = heldClock();
  const watchdog = createWatchdog({ clock });
  expect(timers.size).toBe(0);
  const seen: string[] = [];
  const a = watchdog.join(() => seen.push('a'));
  const b = watchdog.join(() => seen.push('b'));
  expect(timers.size).toBe(1);
  tick();
  tick();
  expect(seen).toEqual(['a', 'b', 'a', 'b']);
  a[Symbol.dispose]();
  tick();
  expect(seen.slice(4)).toEqual(['b']);
  b[Symbol.dispose]();
  expect(timers.size).toBe(0);
});
