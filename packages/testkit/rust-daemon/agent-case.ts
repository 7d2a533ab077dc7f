import { expect, type test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createAgentClient } from '@mvirt/api/client';
import { type AgentProcess, spawnAgent, startAgent } from '../agent-process.ts';
import { waitFor } from '../wait-for.ts';
import { openRustRoom, type RustBench } from './room.ts';

/** A real agent takes a data directory over from the Rust daemon, dies, and is followed by others. */
export function rustAgentCase(bench: RustBench, bunTest: typeof test): void {
  if (bench.missing !== null) console.log(`skip: ${bench.name}: ${bench.missing}`);
  bunTest.skipIf(bench.missing !== null)(
    `agents follow the Rust daemon on its data directory, one of them killed by -9: its VM runs on with its console, and stops (${bench.name})`,
    async () => {
      await using room = openRustRoom(bench);
      const { dir } = room;
      const vmm = await room.start();
      room.leave({ pid: vmm.process.pid });

      // The daemon knows no lock: what betrays it is that it has its database open.
      const hold = 'exec 3<>"$1"; echo open; exec sleep 600';
      const daemon = spawn('sh', ['-c', hold, 'sh', join(room.dataDir, 'mvirt.db')], { stdio: ['ignore', 'pipe', 'inherit'] });
      const daemonEnded = once(daemon, 'exit');
      try {
        await once(daemon.stdout, 'data');
        const refused = spawnAgent(dir);
        expect(await refused.ended()).toBe(4);
        expect(refused.stderr()).toContain(`mvirt.db is open in process ${daemon.pid} (`);
      } finally {
        daemon.kill('SIGKILL');
        await daemonEnded;
      }

      let seen = '';
      const client = createAgentClient({ socketPath: dir.join('agent.sock') });
      const echoes = async (text: string) => {
        const before = seen.length;
        await client.api.console.write.mutate({ vm: 'web', bytes: Buffer.from(text) });
        await waitFor(`the echo of ${text} (${JSON.stringify(seen.slice(-200))})`, () => seen.slice(before).includes(text));
      };
      const running = { state: 'running', responsive: true, pid: vmm.process.pid, hypervisor: 'cloud-hypervisor' };
      try {
        {
          await using agent = await startAgent(dir);
          expect(await agent.api.vm.get.query({ vm: 'web' })).toMatchObject(running);
          client.api.console.attach.subscribe(
            { vm: 'web', from: { kind: 'all' } },
            { onData: ({ data }) => (seen += data.kind === 'data' ? Buffer.from(data.bytes).toString('latin1') : '') },
          );
          await waitFor('what it printed before', () => seen.includes('TINY up'));
          await echoes('hello');
          expect(await agent.end('SIGKILL')).toBe('SIGKILL');
        }
        {
          await using agent = await startAgent(dir);
          expect(await agent.api.vm.get.query({ vm: 'web' })).toMatchObject(running);
          await echoes('again');
          expect(await agent.end('SIGTERM')).toBe(0);
        }
        expect(vmm.ended()).toBe(false);
        await using agent = await startAgent(dir);
        await echoes('a last time');
        const { vm } = await agent.api.vm.stop.mutate({ vm: 'web', graceMs: 20_000 });
        expect(vm).toMatchObject({ state: 'stopped', pid: null, lastExit: { cause: 'not-observable' } });
        expect(vmm.ended()).toBe(true);
        await waitFor('the viewer to have the whole log', () => seen === room.console() && seen.includes('TINY bye'));
        expect(await agent.end('SIGTERM')).toBe(0);
      } finally {
        await client.close();
      }
    },
    90_000,
  );
}

/** What an agent that was killed at the wrong moment does to the line, and how it comes back. Not on a fake: the defect is the real one's. */
export function rustSilentLineCase(bench: RustBench, bunTest: typeof test): void {
  bunTest.skipIf(bench.missing !== null)(
    `an agent killed with unread output silences the line of the Rust daemon's VM: the next one says so, and a reboot brings it back (${bench.name})`,
    async () => {
      await using room = openRustRoom(bench);
      const { dir } = room;
      const vmm = await room.start();
      room.leave({ pid: vmm.process.pid });
      const type = (agent: AgentProcess, text: string) => agent.api.console.write.mutate({ vm: 'web', bytes: Buffer.from(text) });
      {
        await using agent = await startAgent(dir);
        await waitFor('the guest to be up', () => room.console().includes('TINY up'));
        await type(agent, 'f');
        await waitFor('its flood to begin', () => room.console().length > 1000);
        process.kill(agent.pid, 'SIGSTOP');
        const stoppedAtMs = performance.now();
        await waitFor('the guest to print on', () => performance.now() - stoppedAtMs > 300);
        await agent.end('SIGKILL');
      }
      await using agent = await startAgent(dir);
      expect(await agent.api.vm.get.query({ vm: 'web' })).toMatchObject({ state: 'running', responsive: true, pid: vmm.process.pid });
      const logged = async () => (await agent.api.log.read.query({ vm: 'web' })).map(({ text }) => text).join('\n');
      await waitFor('its log to say so', async () => (await logged()).includes('takes no client on serial.sock'));
      await expect(type(agent, 'hello')).rejects.toThrow('takes no client on serial.sock');
      await agent.api.vm.reboot.mutate({ vm: 'web' });
      await waitFor('it to be up again', () => room.console().split('TINY up').length > 2);
      await type(agent, 'hello');
      await waitFor('the echo', () => room.console().endsWith('hello'));
      expect(await agent.end('SIGTERM')).toBe(0);
    },
    90_000,
  );
}
