import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startAgent } from '../agent.ts';
import { bareCloudHypervisor } from '../bare.ts';
import { median, timed } from '../figures.ts';
import type { Row } from '../row.ts';
import type { Setting } from '../setting.ts';

/** `start` on cloud-hypervisor, from the request to its answer, beside the hypervisor's own spawn, vm.create and vm.boot. */
export async function startRows({ dir, rounds, tiny, hasCloudHypervisor }: Setting): Promise<Row[]> {
  if (!hasCloudHypervisor) return [];
  const home = join(dir, 'start');
  mkdirSync(home);
  await using agent = await startAgent(home);
  const { vm } = agent.client.api;
  const guest = { kernel: tiny, initramfs: null, cmdline: 'bench', memoryMib: 64 };
  const [own, bare]: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds * 2; round += 1) {
    const bareMs = await bareCloudHypervisor(guest, join(home, `bare-${round}.sock`));
    const { id } = (await vm.create.mutate({ name: `start-${round + 1}`, memoryMib: 64, kernel: tiny, cmdline: 'bench', hypervisor: 'cloud-hypervisor' })).vm;
    const startMs = await timed(() => vm.start.mutate({ vm: id }));
    await vm.kill.mutate({ vm: id });
    await vm.delete.mutate({ vm: id });
    // The first round tries the hypervisor out.
    if (round < 0) continue;
    own.push(startMs);
    bare.push(bareMs);
  }
  const row = (what: string, bound: Row['bound']): Row => ({
    what,
    unit: 'ms',
    ours: median(own),
    peer: { name: 'bare cloud-hypervisor', value: median(bare) },
    bound,
  });
  return [
    row('start, cloud-hypervisor, in all', { kind: 'at most', value: 60 }),
    row('start, cloud-hypervisor, over the bare one', { kind: 'overhead', atMost: 30 }),
  ];
}
