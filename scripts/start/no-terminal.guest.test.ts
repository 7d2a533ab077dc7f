import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { makeCheckout, noCheckout } from './testing/checkout.ts';

const missing = noCheckout();
const because = missing === null ? '' : ` (${missing})`;
const npmStart = ['npm', 'start'];

test.skipIf(missing !== null)(
  `a fresh clone at a path of 150 characters, without a terminal: the VM and its banner, and nothing stays${because}`,
  async () => {
    await using checkout = makeCheckout({ fresh: true, pathLength: 150 });
    const { status, text } = await checkout.run(npmStart);
    expect(text).toMatch(/^NAME +ID +STATE.*\ndemo +[0-9a-f]{8} +running /m);
    expect(status).toBe(0);
    expect(text).toMatch(/^demo says: TINY-READY host=mvirt /m);
    expect(text).toContain('mvirt: installing Bun');
    expect(checkout.consoleLog()).toContain('TINY-POWEROFF');
    expect(readdirSync(`${checkout.path}/tmp`).filter((name) => name.endsWith('.sock') || name.endsWith('.json'))).toEqual([]);
  },
  60_000,
);

test.skipIf(missing !== null)(
  `two at the same moment: one agent, one VM, both succeed${because}`,
  async () => {
    await using checkout = makeCheckout();
    await checkout.run(['npm', 'run', '-s', 'mvirt', '--', '--version']); // the dependencies are there
    const both = [checkout.spawn(npmStart), checkout.spawn(npmStart)];
    const statuses = await Promise.all(both.map((each) => each.ended()));
    const texts = both.map((each) => each.text()).sort((a, b) => Number(a.includes('runs already')) - Number(b.includes('runs already')));
    expect(texts[0]).not.toContain('runs already');
    // With their words, which say why.
    expect({ statuses, texts }).toEqual({ statuses: [0, 0], texts });
    for (const text of texts) expect(text).toMatch(/^demo says: TINY-READY host=mvirt /m);
  },
  60_000,
);
