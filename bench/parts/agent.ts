import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BenchAgent, cpuMs, rssMib, startAgent, wakeUps } from '../agent.ts';
import { domainFile } from '../libvirt.ts';
import type { Row } from '../row.ts';
import type { Setting } from '../setting.ts';
import { liveConsole } from './live-console.ts';

const stopped = 100;
/** VMs with a console each, before and after: what the first ones cost is the code for it, too. */
const [running, more] = [10, 20];
const seconds = 20;
const settleMs = 40_000;

/** What an agent costs that does nothing, and what each running VM with a watched console adds. */
export async function agentRows({ dir, tiny, libvirt }: Setting): Promise<Row[]> {
  const home = join(dir, 'agent');
  mkdirSync(home);
  await using first = await startAgent(home);
  const guest = { kernel: tiny, cmdline: 'bench', memoryMib: 64 };
  for (let n = 0; n < stopped; n += 1) await first.client.api.vm.create.mutate({ name: `vm-${n}`, ...guest, hypervisor: 'qemu' });
  await first.end('SIGTERM');
  await using agent = await startAgent(home);
  const { vm } = agent.client.api;
  // A client that has come and gone; for half a minute after its start the engine's collector goes on tidying up.
  agent.mvirt('list');
  await Bun.sleep(settleMs);
  const idle = { rss: rssMib(agent.pid), wakeUps: await wakeUpsPerSecond(agent.pid) };

  using consoles = new DisposableStack();
  const startUntil = async (from: number, to: number): Promise<number> => {
    for (let n = from; n < to; n += 1) {
      const name = `vm-${n}`;
      await vm.start.mutate({ vm: name });
      consoles.use(await liveConsole(agent.client, name));
      // A paused guest prints nothing, and leaves the CPU to what is measured.
      await vm.pause.mutate({ vm: name });
    }
    await Bun.sleep(5000);
    return rssMib(agent.pid);
  };
  const some = await startUntil(0, running);
  const busy = { rss: await startUntil(running, running + more), cpu: (await perSecond(() => cpuMs(agent.pid))) / 10 };
  const printing = await whilePrinting(agent, join(home, 'data/vm'));
  for (let n = 0; n < running + more; n += 1) await vm.kill.mutate({ vm: `vm-${n}` });

  let peer: Row['peer'] = null;
  if (libvirt !== null) {
    const names = Array.from({ length: stopped }, (_, n) => `vm-${n}`);
    libvirt.batch(names.map((name) => `define ${domainFile(home, { name, ...guest, initramfs: null })}`));
    peer = { name: 'libvirtd and virtlogd', value: libvirt.rssMib() };
    libvirt.batch(names.map((name) => `undefine ${name}`));
  }
  return [
    { what: `agent, ${stopped} stopped VMs: memory (RSS)`, unit: 'MiB', ours: idle.rss, peer, bound: { kind: 'at most', value: 80 } },
    { what: `agent, ${stopped} stopped VMs: wake-ups`, unit: 'a second', ours: idle.wakeUps, peer: null, bound: { kind: 'at most', value: 2 } },
    {
      what: `agent, each of the first ${running} running VMs with a watched console: memory`,
      unit: 'MiB',
      ours: (some - idle.rss) / running,
      peer: null,
      bound: { kind: 'at most', value: 2 },
    },
    {
      what: `agent, each of ${more} more: memory`,
      unit: 'MiB',
      ours: (busy.rss - some) / more,
      peer: null,
      bound: { kind: 'at most', value: 2 },
    },
    {
      what: 'agent, a watched console while it is printed to at 115,200 baud: CPU',
      unit: '%',
      ours: printing,
      peer: null,
      bound: { kind: 'at most', value: 5 },
    },
    {
      what: `agent, each of ${running + more} running VMs with a watched console, guests quiet: CPU`,
      unit: '%',
      ours: busy.cpu / (running + more),
      peer: null,
      bound: { kind: 'at most', value: 0.1 },
    },
  ];
}

/** A line of 115,200 baud carries 11,520 bytes a second. The VMM appends what its guest prints to this file, a few bytes at a time; so does this, each millisecond. */
const printedBytes = 12;

/** What the agent uses more than before, in % of a core, while one of its consoles is printed to. */
async function whilePrinting(agent: BenchAgent, vmDir: string): Promise<number> {
  const { id } = await agent.client.api.vm.get.query({ vm: 'vm-0' });
  const quiet = await perSecond(() => cpuMs(agent.pid));
  const line = Buffer.from(`${'.'.repeat(printedBytes - 1)}\n`);
  const timer = setInterval(() => appendFileSync(join(vmDir, id, 'console.log'), line), 1);
  const loud = await perSecond(() => cpuMs(agent.pid));
  clearInterval(timer);
  return (loud - quiet) / 10;
}

async function perSecond(counter: () => number): Promise<number> {
  const before = counter();
  await Bun.sleep(seconds * 1000);
  return (counter() - before) / seconds;
}

/** A thread that ended meanwhile is left out: its count went with it. */
async function wakeUpsPerSecond(pid: number): Promise<number> {
  const before = wakeUps(pid);
  await Bun.sleep(seconds * 1000);
  const counts = [...wakeUps(pid)].map(([thread, count]) => count - (before.get(thread) ?? 0));
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}
