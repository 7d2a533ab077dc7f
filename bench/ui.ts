// bun bench/ui.ts [CHANGES] [KEYS]: the full-screen UI in a real terminal at 200x50 before the real router, with 1,000 VMs of which 50 change a second
// in an hour that is told as fast as it can be. Beside it, in the same run: the same with no VM at all, and top in such a terminal.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createUsageChanges, type VmSnapshot, type VmUsage } from '@mvirt/engine';
import { doubleServices, doubleVm } from '@mvirt/testkit/double-services';
import { serveDouble } from '@mvirt/testkit/serve-double';
import { tempDir } from '@mvirt/testkit/temp-dir';

const changes = Number(process.argv[2] ?? 180_000);
const keys = Number(process.argv[3] ?? 10_000);
const count = 1000;
const idleSeconds = 20;
/** Until code is compiled, and each VM's graph is as full as it gets: then nothing on the screen changes. */
const settlingMs = 40_000;
const main = join(import.meta.dir, '../apps/mvirt/main.ts');
const show = (what: string, figure: string): void => console.log(`${what.padEnd(72)} ${figure}`);
const at = (values: readonly number[], share: number): number => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN;

/** An agent's doors with so many VMs, and a way to change them. */
async function serve(dir: string, vms: number) {
  const services = doubleServices();
  const running = (n: number): VmSnapshot => {
    const name = `vm-${String(n).padStart(4, '0')}`;
    const vm = doubleVm(name, name);
    return { ...vm, condition: { ...vm.condition, observed: 'running', wanted: 'running' }, revision: n };
  };
  for (let n = 0; n < vms; n += 1) services.vmsById.set(running(n).id, running(n));
  const queue: VmSnapshot[] = [];
  let wake = () => {};
  services.vms.watch = async function* ({ signal }) {
    yield { kind: 'snapshot', vms: [...services.vmsById.values()] };
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      const vm = queue.shift();
      if (vm !== undefined) yield { kind: 'changed', vm };
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const figures = { hostname: 'bench', kernelVersion: '6', uptimeSeconds: 1, cpus: 2, memoryBytes: 2 ** 34, availableMemoryBytes: 2 ** 33 };
  services.host.info = () => ({ figures: { ...figures, load: [0, 0, 0] }, allocatedCpus: 1, allocatedMemoryBytes: 2 ** 30, running: vms, vms });
  const usage = createUsageChanges();
  services.host.usage = ({ since }) => {
    const figures = [...services.vmsById.keys()].map((id): VmUsage => ({ id, cpuPercent: 3, rssBytes: 2 ** 28 }));
    usage.take(figures, Date.now());
    return usage.since(since);
  };
  const served = await serveDouble(join(dir, `${vms}.sock`), services);
  let turn = 0;
  return {
    socket: join(dir, `${vms}.sock`),
    left: () => queue.length,
    change(many: number): void {
      for (let n = 0; n < many; n += 1) {
        turn += 1;
        const vm = running((turn * 37) % vms);
        queue.push({ ...vm, condition: { ...vm.condition, observed: turn % 3 === 0 ? 'paused' : 'running' }, revision: turn });
      }
      wake();
    },
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}

/** A program in a terminal of its own, and what can be seen of it from outside. */
function open(argv: string[], env: Record<string, string> = {}) {
  const began = performance.now();
  let bytes = 0;
  let seen = '';
  let onData = (): void => {};
  const child = Bun.spawn(argv, {
    env: { ...process.env, TERM: 'xterm-256color', COLORTERM: 'truecolor', ...env },
    terminal: {
      cols: 200,
      rows: 50,
      data(_, data) {
        bytes += data.length;
        seen = (seen + Buffer.from(data).toString('latin1')).slice(-20_000);
        onData();
      },
    },
  });
  const stat = (): string[] =>
    readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  const cpuMs = (): number => (Number(stat()[11]) + Number(stat()[12])) * 10;
  const output = (until: (text: string) => boolean): Promise<number> =>
    new Promise((resolve) => {
      onData = () => {
        if (until(seen)) resolve(performance.now());
      };
      onData();
    });
  return {
    /** When the terminal first had it, ms from the start. One word: blanks that were there already are not written again. */
    shows: async (text: string) => (await output((all) => all.includes(text))) - began,
    cpuMs,
    rssMib: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024,
    bytes: () => bytes,
    type: (text: string) => child.terminal?.write(text),
    /** From a key to the first output after it, ms. */
    async answer(text: string): Promise<number> {
      const before = performance.now();
      const answered = new Promise<number>((resolve) => {
        onData = () => resolve(performance.now());
      });
      child.terminal?.write(text);
      return (await answered) - before;
    },
    async idlePercent(seconds: number): Promise<number> {
      const before = cpuMs();
      await Bun.sleep(seconds * 1000);
      return (cpuMs() - before) / (seconds * 10);
    },
    /** Until it has done what it was told. */
    async quiet(): Promise<void> {
      for (let before = cpuMs(); ; before = cpuMs()) {
        await Bun.sleep(1000);
        if (cpuMs() - before < 100) return;
      }
    },
    async end(): Promise<void> {
      child.kill('SIGTERM');
      await child.exited;
    },
  };
}

const ui = (socket: string) => open([process.execPath, main, '--socket', socket]);

using dir = tempDir('ui-bench');
await using none = await serve(dir.path, 0);
await using many = await serve(dir.path, count);

const empty = ui(none.socket);
show('first frame without a VM, ms from the start of the process', (await empty.shows('creates')).toFixed(0));
await Bun.sleep(settlingMs);
const emptyIdle = await empty.idlePercent(idleSeconds);
show('idle CPU without a VM, %', emptyIdle.toFixed(2));
const emptyRss = empty.rssMib();
await empty.end();

const top = open(['top', '-d', '2']);
await Bun.sleep(3000);
show('idle CPU of top -d 2 in such a terminal, %', (await top.idlePercent(idleSeconds)).toFixed(2));
await top.end();

const full = ui(many.socket);
show(`first frame with ${count} VMs, ms`, (await full.shows('vm-0000')).toFixed(0));
await Bun.sleep(settlingMs);
const fullIdle = await full.idlePercent(idleSeconds);
show(`idle CPU with ${count} VMs, figures every 2 s, %`, `${fullIdle.toFixed(2)}  (${(fullIdle / Math.max(emptyIdle, 0.05)).toFixed(1)} of that without a VM)`);

const delays: number[] = [];
for (let n = 0; n < 200; n += 1) {
  delays.push(await full.answer(n % 100 < 50 ? 'j' : '\u001b[A'));
  await Bun.sleep(40);
}
show(
  `key to frame at ${count} VMs, ms (p50, p95, max; a frame is drawn at most 30 times a second)`,
  [0.5, 0.95, 0.999].map((share) => at(delays, share).toFixed(1)).join('  '),
);

const busyMs = full.cpuMs();
const ticking = setInterval(() => many.change(5), 100);
await Bun.sleep(10_000);
clearInterval(ticking);
show('CPU while 50 VMs a second change, %', ((full.cpuMs() - busyMs) / 100).toFixed(1));

await full.quiet();
const rss = [full.rssMib()];
const parts = 10;
const hourBegan = performance.now();
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
show(`an hour's ${changes} changes and ${keys} keys, told in s`, ((performance.now() - hourBegan) / 1000).toFixed(0));
show('RSS before, and after each tenth of the hour, MiB', rss.map((value) => value.toFixed(0)).join(' '));
show('RSS without a VM, MiB', emptyRss.toFixed(0));
await full.end();
