import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type AgentClient, createAgentClient } from '@mvirt/api/client';
import { tinyGuestPath } from '@mvirt/guests';
import { createLinuxHost } from '@mvirt/host/linux';
import { type AgentProcess, startAgent } from '@mvirt/testkit/agent-process';
import { bootDisk, bootDiskBytes, bootsOf } from '@mvirt/testkit/boot-disk';
import { lackingCloudHypervisor } from '@mvirt/testkit/hypervisor/cloud-hypervisor-bench';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const { programs } = createLinuxHost();
const noQemu = ['qemu-system-x86_64', 'qemu-img'].find((name) => programs.find(name) === null) ?? null;
const noCloudHypervisor = lackingCloudHypervisor();
if (noQemu !== null) console.log(`skipped: a guest that boots from an image: ${noQemu} is missing`);
if (noCloudHypervisor !== null) console.log(`skipped: a raw copy on cloud-hypervisor: ${noCloudHypervisor}`);

const patience = { timeoutMs: 60_000 };

async function importImage({ api }: AgentProcess, name: string, bytes: Uint8Array): Promise<string> {
  const { id } = await api.image.begin.mutate({ name });
  await api.image.write.mutate({ id, offset: 0, bytes });
  return (await api.image.finish.mutate({ id })).path;
}

function bootQcow2(dir: TempDir): Uint8Array {
  writeFileSync(dir.join('boot.raw'), bootDisk());
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', dir.join('boot.raw'), dir.join('boot.qcow2')]);
  return readFileSync(dir.join('boot.qcow2'));
}

/** What a VM's consoles print, from its first run on. */
function printed({ api }: AgentClient, vm: string): () => string {
  let text = '';
  api.console.attach.subscribe({ vm }, { onData: ({ data }) => (text += data.kind === 'data' ? Buffer.from(data.bytes).toString('latin1') : '') });
  return () => text;
}

test.skipIf(noQemu !== null)(
  'QEMU guests boot from an image, each on a disk of its own: what one writes is there at its next boot, and nobody else’s',
  async () => {
    using dir = tempDir('images');
    await using agent = await startAgent(dir);
    const client = createAgentClient({ socketPath: agent.socketPath });
    try {
      const raw = await importImage(agent, 'raw', bootDisk());
      await importImage(agent, 'qcow2', bootQcow2(dir));
      const vms = { one: 'raw', two: 'raw', three: 'qcow2' };
      const screens = new Map<string, () => string>();
      for (const [name, image] of Object.entries(vms)) {
        await agent.api.vm.create.mutate({ name, image, diskSizeBytes: 64 << 20, memoryMib: 64, hypervisor: 'qemu' });
        screens.set(name, printed(client, name));
      }
      const boots = async (name: string, count: number) => {
        await agent.api.vm.start.mutate({ vm: name });
        await waitFor(`boot ${count} of ${name}`, () => screens.get(name)?.().includes(`boot number ${count}`), patience);
        await agent.api.vm.kill.mutate({ vm: name });
      };
      await boots('one', 1);
      await boots('one', 2);
      await boots('two', 1);
      await boots('three', 1);
      expect(bootsOf(readFileSync(raw))).toBe('0');
      expect((await agent.api.image.get.query({ name: 'raw' })).usedBy.map(({ vmName }) => vmName).toSorted()).toEqual(['one', 'two']);
      for (const name of Object.keys(vms)) {
        const { ownDisk } = await agent.api.vm.get.query({ vm: name });
        expect((await agent.api.vm.delete.mutate({ vm: name })).disks).toEqual({ removed: [ownDisk ?? ''], kept: [] });
        expect(existsSync(ownDisk ?? '')).toBe(false);
      }
      for (const name of ['raw', 'qcow2']) await agent.api.image.remove.mutate({ name });
      expect(await agent.end('SIGTERM')).toBe(0);
    } finally {
      await client.close();
    }
  },
  240_000,
);

test.skipIf(noCloudHypervisor !== null)(
  'a raw copy on cloud-hypervisor: a qcow2 image becomes a sparse raw disk, and its guest runs with it',
  async () => {
    using dir = tempDir('images');
    await using agent = await startAgent(dir);
    const client = createAgentClient({ socketPath: agent.socketPath });
    try {
      await importImage(agent, 'base', bootQcow2(dir));
      const asked = { name: 'web', image: 'base', diskSizeBytes: 64 << 20, kernel: tinyGuestPath(), memoryMib: 64, hypervisor: 'cloud-hypervisor' } as const;
      const { vm } = await agent.api.vm.create.mutate(asked);
      expect(vm.disks).toEqual([{ path: vm.ownDisk ?? '', readonly: false, format: 'raw' }]);
      const disk = statSync(vm.ownDisk ?? '');
      expect(disk.size).toBe(64 << 20);
      expect(disk.blocks * 512).toBeLessThan(bootDiskBytes);
      expect(
        readFileSync(vm.ownDisk ?? '')
          .subarray(0, bootDiskBytes)
          .equals(bootDisk()),
      ).toBe(true);
      const screen = printed(client, 'web');
      await agent.api.vm.start.mutate({ vm: 'web' });
      await waitFor('the guest to print', () => screen().includes('TINY up'), patience);
      await agent.api.vm.kill.mutate({ vm: 'web' });
      await agent.api.image.remove.mutate({ name: 'base' });
      expect((await agent.api.vm.delete.mutate({ vm: 'web' })).disks.removed).toEqual([vm.ownDisk ?? '']);
      expect(await agent.end('SIGTERM')).toBe(0);
    } finally {
      await client.close();
    }
  },
  120_000,
);
