import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createOneShot } from '@mvirt/api/client';
import { startAgent } from '../agent.ts';
import { median, quantile } from '../figures.ts';
import { domainFile } from '../libvirt.ts';
import type { Row } from '../row.ts';
import type { Setting } from '../setting.ts';

const vms = 20;
/** A new agent tries its hypervisors with guests of its own; one that was killed leaves those to their time limit. */
const restMs = 3000;

/** From a killed agent's successor to a right list of 20 running VMs; and from a VMM's death to who watches. */
export async function recoveryRows({ dir, rounds, tiny, libvirt }: Setting): Promise<Row[]> {
  const home = join(dir, 'recovery');
  mkdirSync(home);
  const guest = { kernel: tiny, cmdline: 'bench', memoryMib: 64 };
  await using agents = new AsyncDisposableStack();
  let agent = agents.use(await startAgent(home));
  for (let n = 0; n < vms; n += 1) {
    await agent.client.api.vm.create.mutate({ name: `vm-${n}`, ...guest, hypervisor: 'qemu' });
    await agent.client.api.vm.start.mutate({ vm: `vm-${n}` });
    // This guest polls: 20 of them would leave nothing of two cores.
    await agent.client.api.vm.pause.mutate({ vm: `vm-${n}` });
  }
  const killed: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await Bun.sleep(restMs);
    await agent.end('SIGKILL');
    const began = performance.now();
    agent = agents.use(await startAgent(home));
    const { vm } = createOneShot({ socketPath: agent.socketPath });
    while ((await vm.list.query()).filter(({ state, responsive }) => state === 'paused' && responsive).length < vms) await Bun.sleep(2);
    killed.push(performance.now() - began);
  }
  await Bun.sleep(restMs);
  const deaths: number[] = [];
  // Twice, that one late answer does not stand for all.
  for (const round of [1, 2]) {
    for (let n = 0; n < vms; n += 1) {
      const vm = `vm-${n}`;
      const { id, pid } = await agent.client.api.vm.get.query({ vm });
      deaths.push(await deathSeen(agent, id, pid ?? 0));
      if (round === 2) continue;
      await agent.client.api.vm.start.mutate({ vm });
      await agent.client.api.vm.pause.mutate({ vm });
    }
  }
  let peer: Row['peer'] = null;
  if (libvirt !== null) {
    libvirt.virsh('define', domainFile(home, { name: 'recovery', ...guest, initramfs: null }));
    libvirt.virsh('start', 'recovery');
    const restarts: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await Bun.sleep(restMs);
      restarts.push(await libvirt.restart(1));
    }
    libvirt.virsh('destroy', 'recovery');
    libvirt.virsh('undefine', 'recovery');
    peer = { name: 'libvirtd with 1 VM', value: median(restarts) };
  }
  return [
    {
      what: `agent at rest, killed by -9 with ${vms} running VMs, until a right list`,
      unit: 'ms',
      ours: median(killed),
      peer,
      bound: { kind: 'ratio', atMost: 1 },
    },
    { what: 'event: a VMM dies, until a subscriber has it (p95)', unit: 'ms', ours: quantile(deaths, 0.95), peer: null, bound: { kind: 'at most', value: 50 } },
  ];
}

/** Kills a VMM and answers when a subscriber was told, ms. */
async function deathSeen({ client }: Awaited<ReturnType<typeof startAgent>>, vm: string, pid: number): Promise<number> {
  const watching = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<number>();
  const reading = client.api.event.watch.subscribe(
    { since: null, vm },
    {
      onData: ({ data }) => {
        if (data.kind === 'from') watching.resolve();
        else seen.resolve(performance.now());
      },
      onError: seen.reject,
    },
  );
  await watching.promise;
  const began = performance.now();
  process.kill(pid, 'SIGKILL');
  const ms = (await seen.promise) - began;
  reading.unsubscribe();
  return ms;
}
