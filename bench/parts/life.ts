import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ownStart, startAgent } from '../agent.ts';
import { bareKill } from '../bare.ts';
import { median, sideBySide, timed } from '../figures.ts';
import { domainFile } from '../libvirt.ts';
import type { Row } from '../row.ts';
import type { Setting } from '../setting.ts';
import { liveConsole } from './live-console.ts';

/** Stop of the bare-metal guest; start and kill of a small Linux that is booting, so that its VMM is at work. QEMU by TCG. */
export async function lifeRows({ dir, rounds, tiny, linux, libvirt }: Setting): Promise<Row[]> {
  const home = join(dir, 'life');
  mkdirSync(home);
  await using agent = await startAgent(home);
  const { vm } = agent.client.api;
  const { id } = (await vm.create.mutate({ name: 'life', memoryMib: 64, kernel: tiny, cmdline: 'bench', hypervisor: 'qemu' })).vm;
  const rows: Row[] = [];

  const stops: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const from = await startToListening(agent, id);
    const { pid } = await vm.get.query({ vm: id });
    const stopped = vm.stop.mutate({ vm: id }).then(() => performance.now());
    const gone = await endOf(pid ?? 0, from);
    stops.push(Math.max(0, (await stopped) - gone));
  }
  rows.push({
    what: 'graceful stop: from the VMM’s end until `stop` returns',
    unit: 'ms',
    ours: median(stops),
    peer: null,
    bound: { kind: 'at most', value: 50 },
  });
  if (libvirt === null || linux === null) return rows;

  const guest = { ...linux, memoryMib: 256 };
  await vm.create.mutate({ name: 'linux', ...guest, hypervisor: 'qemu' });
  libvirt.virsh('define', domainFile(home, { name: 'linux', ...guest }));
  const [own, others]: [number[], number[]] = [[], []];
  const [start, peerStart] = await sideBySide(
    rounds,
    async () => {
      agent.mvirt('start', 'linux');
      own.push(await timed(() => agent.mvirt('kill', 'linux', '--yes')));
    },
    async () => {
      libvirt.virsh('start', 'linux');
      others.push(await timed(() => libvirt.virsh('destroy', 'linux')));
    },
  );
  const [kill, destroy] = [median(own), median(others)];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) bare.push(await bareKill(guest));
  libvirt.virsh('undefine', 'linux');
  rows.push(
    {
      what: '`mvirt start`, QEMU',
      unit: 'ms',
      ours: start - kill,
      peer: { name: '`virsh start`', value: peerStart - destroy },
      bound: { kind: 'ratio', atMost: 1 },
    },
    {
      what: '`mvirt kill`',
      unit: 'ms',
      ours: kill,
      peer: { name: '`virsh destroy`', value: destroy },
      bound: { kind: 'ratio', atMost: 0.1 },
      floor: { of: 'a bare QEMU’s end, and `mvirt --version`', value: median(bare) + ownStart(rounds) },
    },
  );
  return rows;
}

/** Starts it, and waits until the guest hears its power button. */
async function startToListening(agent: Awaited<ReturnType<typeof startAgent>>, id: string): Promise<number> {
  using seen = await liveConsole(agent.client, id);
  await Promise.all([agent.client.api.vm.start.mutate({ vm: id }), seen.says('TINY up')]);
  return performance.now();
}

/** When the process was seen to be gone. */
async function endOf(pid: number, from: number): Promise<number> {
  for (; performance.now() - from < 60_000; await Bun.sleep(1)) {
    try {
      process.kill(pid, 0);
    } catch {
      return performance.now();
    }
  }
  throw new Error('the VMM did not end');
}
