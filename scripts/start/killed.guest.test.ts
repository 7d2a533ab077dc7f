import { expect, test } from 'bun:test';
import { waitFor } from '@mvirt/testkit/wait-for';
import { makeCheckout, noCheckout } from './testing/checkout.ts';

const missing = noCheckout();
const because = missing === null ? '' : ` (${missing})`;
const npmStart = ['npm', 'start'];
const count = (text: string, word: string): number => text.split(word).length - 1;

test.skipIf(missing !== null)(
  `everything but the VM killed by -9: the next start joins its namespaces, takes it over, and tidies up${because}`,
  async () => {
    await using checkout = makeCheckout();
    const first = checkout.spawn(npmStart);
    await waitFor('the guest to print', () => checkout.hasPrinted('TINY-INIT'), { timeoutMs: 45_000 });
    for (const file of ['start.lock', 'agent.json', 'holder.json'] as const) process.kill(checkout.pidIn(file) ?? 0, 'SIGKILL');
    expect(await first.ended()).toBe(128 + 9);
    const second = await checkout.run(npmStart);
    expect(second.text).toMatch(/^demo says: TINY-READY host=mvirt /m);
    expect(second.status).toBe(0);
    // One boot, which went on: the VM was never started again.
    const log = checkout.consoleLog();
    expect([count(log, 'TINY-INIT'), count(log, 'TINY-READY'), count(log, 'TINY-POWEROFF')]).toEqual([1, 1, 1]);
  },
  60_000,
);

test.skipIf(missing !== null)(
  `SIGTERM, SIGHUP and SIGINT, before there is an agent and while the guest boots, end it by their status, and nothing stays${because}`,
  async () => {
    await using checkout = makeCheckout();
    const moments = [
      { signal: 'SIGTERM', status: 143, moment: () => checkout.pidIn('start.lock') !== null },
      { signal: 'SIGHUP', status: 129, moment: () => checkout.pidIn('holder.json') !== null },
      { signal: 'SIGINT', status: 130, moment: () => checkout.hasPrinted('TINY-INIT') },
    ] as const;
    for (const { signal, status, moment } of moments) {
      const started = checkout.spawn(npmStart);
      await waitFor('the moment', moment, { timeoutMs: 45_000 });
      process.kill(checkout.pidIn('start.lock') ?? 0, signal);
      expect({ signal, status: await started.ended(), text: started.text() }).toEqual({
        signal,
        status,
        text: expect.stringContaining(`given up on ${signal}`),
      });
      expect([checkout.pidIn('agent.json'), checkout.pidIn('holder.json')]).toEqual([null, null]);
    }
  },
  60_000,
);
