import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mvirtArgv, ownStart, startAgent } from '../agent.ts';
import { sideBySide } from '../figures.ts';
import { domainFile } from '../libvirt.ts';
import type { Row } from '../row.ts';
import type { Setting } from '../setting.ts';

/** Single commands with 100 and 1,000 VMs, as a script runs them: from spawn to exit. */
export async function commandRows({ dir, rounds, tiny, libvirt }: Setting): Promise<Row[]> {
  const home = join(dir, 'commands');
  mkdirSync(home);
  await using agent = await startAgent(home);
  const rows: Row[] = [];
  const add = async (what: string, bound: Row['bound'], ours: () => unknown, peer: string, peers: () => unknown, floor?: Row['floor']) => {
    const [own, others] = await sideBySide(rounds * 3, ours, peers);
    rows.push({ what, unit: 'ms', ours: own, peer: { name: peer, value: others }, bound, ...(floor ? { floor } : {}) });
  };
  const command = (argv: string[]) => () => spawnSync(argv[0] ?? '', argv.slice(1), { stdio: 'ignore' });
  await add('`mvirt --version`', { kind: 'at most', value: 10 }, command([...mvirtArgv, '--version']), '`/bin/true`', command(['/bin/true']));
  if (libvirt === null) return rows;

  const guest = { kernel: tiny, initramfs: null, cmdline: 'bench', memoryMib: 64 };
  let made = 0;
  const create = () => agent.mvirt('create', '--name', `idle-${made}`, '--memory', '64', '--kernel', tiny, '--cmdline', 'bench');
  const nextFile = () => domainFile(home, { name: `idle-${made++}`, ...guest });
  const define = () => libvirt.virsh('define', nextFile());
  const floor = { of: '`mvirt --version`', value: ownStart(rounds * 3) };
  await add('create one VM, durable', { kind: 'ratio', atMost: 0.6 }, create, '`virsh define`', define, floor);
  for (const [count, atMost] of [
    [100, 0.5],
    [1000, 0.25],
  ] as const) {
    const files: string[] = [];
    while (made < count) {
      await agent.client.api.vm.create.mutate({ name: `idle-${made}`, memoryMib: 64, kernel: tiny, cmdline: 'bench' });
      files.push(nextFile());
    }
    libvirt.batch(files.map((file) => `define ${file}`));
    const list = () => agent.mvirt('list', '--json');
    await add(`\`mvirt list --json\`, ${count} VMs`, { kind: 'ratio', atMost }, list, '`virsh list --all`', () => libvirt.virsh('list', '--all'));
  }
  libvirt.batch(Array.from({ length: made }, (_, n) => `undefine idle-${n}`));
  return rows;
}
