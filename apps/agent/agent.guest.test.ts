import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { createAgentClient } from '@mvirt/api/client';
import { tinyGuestPath } from '@mvirt/guests';
import { createLinuxHost } from '@mvirt/host/linux';
import { commandLineOf, startAgent } from '@mvirt/testkit/agent-process';
import { lackingCloudHypervisor } from '@mvirt/testkit/hypervisor/cloud-hypervisor-bench';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const lackingQemu = createLinuxHost().programs.find('qemu-system-x86_64') === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : null;
const hypervisors = [
  { kind: 'qemu', program: 'qemu-system-x86_64', missing: lackingQemu },
  { kind: 'cloud-hypervisor', program: 'cloud-hypervisor', missing: lackingCloudHypervisor() },
] as const;
for (const { kind, missing } of hypervisors) if (missing !== null) console.log(`skipped: ${kind}: ${missing}`);

/** What the bare-metal guest prints when it is told to flood. */
const floodBytes = 262_144;

for (const { kind, program, missing } of hypervisors)
  test.skipIf(missing !== null)(
    `agents killed by -9 and ended by SIGTERM around a running VM on ${kind}: it runs on, and its console misses nothing`,
    async () => {
      using dir = tempDir();
      let pid = 0;
      let printed = '';
      const client = createAgentClient({ socketPath: dir.join('agent.sock') });
      try {
        {
          await using agent = await startAgent(dir);
          await agent.api.vm.create.mutate({ name: 'web', kernel: tinyGuestPath(), memoryMib: 64, hypervisor: kind });
          client.api.console.attach.subscribe(
            { vm: 'web' },
            { onData: ({ data }) => (printed += data.kind === 'data' ? Buffer.from(data.bytes).toString('latin1') : '') },
          );
          const started = await agent.api.vm.start.mutate({ vm: 'web' });
          expect(started).toMatchObject({ changed: true, vm: { state: 'running', hypervisor: kind } });
          pid = started.vm.pid ?? 0;
          await waitFor('the guest to print', () => printed.length > 0);
          // 256 KiB are on their way when the agent dies.
          await client.api.console.write.mutate({ vm: 'web', bytes: Buffer.from('f') });
          await waitFor('the flood to begin', () => printed.length > 1000);
          expect(await agent.end('SIGKILL')).toBe('SIGKILL');
        }
        expect(commandLineOf(pid)).toContain(program);
        {
          await using agent = await startAgent(dir);
          expect(await agent.api.vm.get.query({ vm: 'web' })).toMatchObject({ state: 'running', pid, responsive: true });
          const before = printed.length;
          // The bare-metal guest answers what is typed; whatever it says, a byte must come back.
          await client.api.console.write.mutate({ vm: 'web', bytes: Buffer.from('hello\r') });
          await waitFor('the guest to answer', () => printed.length > before);
          const dots = () => printed.replace(/[^.]/g, '').length;
          await waitFor('the whole flood', () => dots() === floodBytes, { timeoutMs: 60_000 });
          expect(await agent.end('SIGTERM')).toBe(0);
        }
        expect(commandLineOf(pid)).toContain(program);
        await using agent = await startAgent(dir);
        expect(await agent.api.vm.kill.mutate({ vm: 'web' })).toMatchObject({ changed: true, vm: { state: 'stopped', lastExit: { cause: 'killed' } } });
        expect(commandLineOf(pid)).toBeNull();
        const [{ id } = { id: '' }] = await agent.api.vm.list.query();
        const log = readFileSync(dir.join('data', 'vm', id, 'console.log'), 'latin1');
        await waitFor('the client to have the whole log', () => printed === log);
        expect(await agent.end('SIGTERM')).toBe(0);
      } finally {
        await client.close();
        if (pid !== 0 && commandLineOf(pid)?.includes(dir.path)) process.kill(pid, 'SIGKILL');
      }
    },
    150_000,
  );
