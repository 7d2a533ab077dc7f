import { expect, test } from 'bun:test';
import { chownSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { linuxGuest } from '@mvirt/testkit/linux-guest';
import { waitFor } from '@mvirt/testkit/wait-for';
import { asNobody, type Checkout, makeCheckout, nobody, noCheckout, noUserNamespaces } from './testing/checkout.ts';

const { guest, missing: noGuest } = await linuxGuest();
const missing = noCheckout() ?? noUserNamespaces() ?? noGuest;

test.skipIf(missing !== null)(
  `as an ordinary user: in a user namespace, where the next start after kill -9 takes the VM over${missing === null ? '' : ` (${missing})`}`,
  async () => {
    await using checkout = makeCheckout();
    const env = giveTo(checkout, dirname(guest?.kernel ?? ''));
    const first = checkout.spawn([...asNobody, 'npm', 'start'], { env });
    await first.until('starting the VM demo');
    await waitFor('the guest to print', () => checkout.hasPrinted('TINY-INIT'), { timeoutMs: 40_000 });
    for (const file of ['start.lock', 'agent.json', 'holder.json'] as const) process.kill(checkout.pidIn(file) ?? 0, 'SIGKILL');
    expect(await first.ended()).toBe(128 + 9);
    const { status, text } = await checkout.run([...asNobody, 'npm', 'start'], { env });
    expect(text).toMatch(/^demo says: TINY-READY host=mvirt /m);
    expect(status).toBe(0);
    if (Bun.spawnSync([...asNobody, 'sh', '-c', ': <>/dev/net/tun'], { stderr: 'ignore' }).success) console.log('/dev/net/tun opens for everybody here');
    else expect(text).toContain('mvirt: /dev/net/tun does not open here: demo has no NIC');
    expect(checkout.consoleLog().split('TINY-INIT')).toHaveLength(2);
    expect(checkout.consoleLog()).toContain('TINY-POWEROFF');
  },
  60_000,
);

/** The folder and a home of their own, with the dependencies and the guest in place: nobody reaches root's caches. */
function giveTo(checkout: Checkout, guestFolder: string): Record<string, string> {
  const bun = process.execPath;
  expect(Bun.spawnSync([bun, 'install', '--frozen-lockfile', '--silent', '--backend=copyfile'], { cwd: checkout.path }).success).toBe(true);
  const lock = new Bun.CryptoHasher('sha256').update(Bun.spawnSync(['cat', 'bun.lock'], { cwd: checkout.path }).stdout).digest('hex');
  writeFileSync(join(checkout.path, 'node_modules/.mvirt-lock'), lock);
  const home = join(checkout.path, 'home');
  const cache = join(home, 'cache');
  const copy = join(cache, 'mvirt', basename(guestFolder));
  mkdirSync(dirname(copy), { recursive: true });
  cpSync(guestFolder, copy, { recursive: true });
  for (const folder of [checkout.path, home, cache]) chownSync(folder, nobody, nobody);
  return { HOME: home, XDG_CACHE_HOME: cache, npm_config_update_notifier: 'false' };
}
