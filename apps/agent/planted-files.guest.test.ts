import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAgentClient } from '@mvirt/api/client';
import { tinyGuestPath } from '@mvirt/guests';
import { createLinuxHost } from '@mvirt/host/linux';
import { startAgent } from '@mvirt/testkit/agent-process';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const missing = createLinuxHost().programs.find('qemu-system-x86_64') === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : null;
if (missing !== null) console.log(`skipped: ${missing}`);

/** The agent is a process of its own: what holds it up is seen here as an answer that does not come. */
const answering = <T>(call: Promise<T>): Promise<T> => {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error('the agent is held up')), 20_000);
  return Promise.race([call, late.promise]).finally(() => clearTimeout(timer));
};

const plants: ((path: string, treasure: string) => void)[] = [(path) => void spawnSync('mkfifo', [path]), (path, treasure) => symlinkSync(treasure, path)];

test.skipIf(missing !== null)(
  'a VMM that puts FIFOs and links in place of its files holds up nothing, and the agent writes nowhere else',
  async () => {
    using dir = tempDir('planted');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    const treasure = dir.join('treasure');
    writeFileSync(treasure, 'mine');
    await using agent = await startAgent(dir);
    const { api } = agent;
    const client = createAgentClient({ socketPath: agent.socketPath });
    try {
      const seeded = { userData: '#cloud-config\n' };
      const { vm } = await api.vm.create.mutate({ name: 'evil', kernel: tinyGuestPath(), memoryMib: 64, ...seeded });
      const runDir = dir.join('data', 'vm', vm.id);
      const logs = ['stdout.log', 'console.log'];
      let round = 0;
      /** Each file once a FIFO and once a link. */
      const plantAll = () => {
        round += 1;
        const files = readdirSync(runDir).filter((name) => !lstatSync(join(runDir, name)).isSocket());
        const mine = ['cloudinit.d', 'cloudinit.img', '.deleted', ...files.filter((name) => name.endsWith('.seen')).map((name) => `${name}.part`)];
        for (const [number, name] of [...new Set([...logs, ...mine, ...files])].entries()) {
          rmSync(join(runDir, name), { recursive: true, force: true });
          plants[(number + round) % plants.length]?.(join(runDir, name), treasure);
        }
        return files;
      };
      await api.vm.start.mutate({ vm: 'evil' });
      const seen: unknown[] = [];
      client.api.console.attach.subscribe({ vm: 'evil' }, { onData: ({ data }) => seen.push(data) });
      await waitFor('the console to be followed', () => seen.length > 0);
      expect(plantAll()).toEqual(expect.arrayContaining(logs));
      await answering(api.log.read.query({ vm: 'evil' }));
      await answering(api.console.write.mutate({ vm: 'evil', bytes: Buffer.from('x') }).catch(() => {}));
      await answering(api.vm.pause.mutate({ vm: 'evil' }));
      expect(await answering(api.vm.kill.mutate({ vm: 'evil' }))).toMatchObject({ vm: { state: 'stopped', lastExit: { cause: 'killed' } } });
      // The next run has files of its own again.
      plantAll();
      expect(await answering(api.vm.start.mutate({ vm: 'evil' }))).toMatchObject({ vm: { state: 'running' } });
      for (const name of logs) expect(lstatSync(join(runDir, name)).isFile()).toBe(true);
      plantAll();
      expect(await agent.end('SIGKILL')).toBe('SIGKILL');
      await using next = await startAgent(dir);
      expect(await answering(next.api.vm.kill.mutate({ vm: 'evil' }))).toMatchObject({ vm: { state: 'stopped' } });
      plantAll();
      await answering(next.api.vm.delete.mutate({ vm: 'evil' }));
      expect(readdirSync(dir.join('data', 'vm'))).toEqual([]);
      expect(readFileSync(treasure, 'utf8')).toBe('mine');
      expect(await next.end('SIGTERM')).toBe(0);
    } finally {
      await client.close();
    }
  },
  60_000,
);
