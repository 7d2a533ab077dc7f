import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startAgent } from '../agent.ts';
import { bareQemu, machineOf } from '../bare.ts';
import { median, timed } from '../figures.ts';
import type { Row } from '../row.ts';
import type { Setting } from '../setting.ts';
import { liveConsole } from './live-console.ts';

/** From `start` to the prompt of the small Linux guest, QEMU by TCG. */
export async function bootRows({ dir, rounds, linux }: Setting): Promise<Row[]> {
  if (linux === null) return [];
  const home = join(dir, 'boot');
  mkdirSync(home);
  await using agent = await startAgent(home);
  const { vm } = agent.client.api;
  const memoryMib = 256;
  const { id } = (await vm.create.mutate({ name: 'boot', memoryMib, ...linux, hypervisor: 'qemu' })).vm;
  const [own, bare]: [number[], number[]] = [[], []];
  for (let round = -1; round < rounds; round += 1) {
    using seen = await liveConsole(agent.client, id);
    const ownMs = await timed(() => Promise.all([vm.start.mutate({ vm: id }), seen.says('TINY-READY')]));
    const { pid } = await vm.get.query({ vm: id });
    const machine = machineOf(pid ?? 0);
    await vm.kill.mutate({ vm: id });
    const bareMs = await bareQemu({ ...linux, memoryMib }, 'TINY-READY', machine);
    // The first round fills the page cache.
    if (round < 0) continue;
    own.push(ownMs);
    bare.push(bareMs);
  }
  const what = 'boot: `start` to the prompt of a small Linux, TCG';
  return [
    { what, unit: 'ms', ours: median(own), peer: { name: 'bare QEMU with the same devices', value: median(bare) }, bound: { kind: 'ratio', atMost: 1.05 } },
  ];
}
