import { readFileSync } from 'node:fs';

// Loaded before a program of Bun's own: its wall clock is off by the milliseconds that stand in a file, at any moment. Timers keep their measure, as the kernel's do.
const file = process.env.MVIRT_TEST_CLOCK ?? '';
const real = Date.now.bind(Date);

function now(): number {
  return real() + Number(readFileSync(file, 'utf8'));
}

globalThis.Date = new Proxy(Date, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [now()] : args, newTarget),
  get: (target, key) => (key === 'now' ? now : Reflect.get(target, key)),
});
