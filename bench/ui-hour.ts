// bun bench/ui-hour.ts [CHANGES] [KEYS]: the full-screen UI with 1,000 VMs, of which 50 change a second, in an hour that is told as fast as it can be.
import { join } from 'node:path';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { openTerminal } from './terminal.ts';
import { serveVms } from './ui-agent.ts';

const changes = Number(process.argv[2] ?? 180_000);
const keys = Number(process.argv[3] ?? 10_000);
const count = 1000;
const parts = 10;
const main = join(import.meta.dir, '../apps/mvirt/main.ts');
const show = (what: string, figure: string): void => console.log(`${what.padEnd(72)} ${figure}`);

using dir = tempDir('ui-bench');
await using many = await serveVms(dir.path, count);
const full = openTerminal([process.execPath, main, '--socket', many.socket]);
await full.shows('vm-0000');

await full.quiet();
const busyMs = full.cpuMs();
const ticking = setInterval(() => many.change(5), 100);
await Bun.sleep(10_000);
clearInterval(ticking);
show('CPU while 50 VMs a second change, %', ((full.cpuMs() - busyMs) / 100).toFixed(1));

await full.quiet();
const rss = [full.rssMib()];
const began = performance.now();
for (let part = 0; part < parts; part += 1) {
  many.change(changes / parts);
  for (let n = 0; n < keys / parts; n += 1) {
    full.type(n % 200 < 100 ? 'j' : '\u001b[A');
    if (n % 50 === 0) await Bun.sleep(5);
  }
  for (const limit = Date.now() + 600_000; many.left() > 0 && Date.now() < limit; ) await Bun.sleep(100);
  await full.quiet();
  rss.push(full.rssMib());
}
show(`an hour's ${changes} changes and ${keys} keys, told in s`, ((performance.now() - began) / 1000).toFixed(0));
show('RSS before, and after each tenth of the hour, MiB', rss.map((value) => value.toFixed(0)).join(' '));
await full.end();
