import { expect, test } from 'bun:test';
import { statSync } from 'node:fs';
import { createAgentClient } from '@mvirt/api/client';
import { tinyGuestPath } from '@mvirt/guests';
import { startAgent } from '@mvirt/testkit/agent-process';
import { checkLog, watchConsole } from '@mvirt/testkit/chaos/console-check';
import { chaosSeeds } from '@mvirt/testkit/chaos/seed';
import { lackingForStorms } from '@mvirt/testkit/chaos/storm-room';
import { seededRandom } from '@mvirt/testkit/console-pattern';
import { endProcessesOf } from '@mvirt/testkit/dir-processes';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const missing = lackingForStorms();
if (missing !== null) console.log(`skipped: ${missing}`);
const [viewers, kills, deadKill] = [16, 20, 10];
const patient = { timeoutMs: 180_000 };

for (const seed of chaosSeeds('16 viewers', [16]))
  test.skipIf(missing !== null)(
    `${viewers} viewers join and leave by seed ${seed} while a real guest prints; the agent is killed ${kills} times, and once left dead for a minute: no byte is missing`,
    async () => {
      using dir = tempDir('viewers');
      await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
      const random = seededRandom(seed);
      const clients = Array.from({ length: viewers }, () => createAgentClient({ socketPath: dir.join('agent.sock') }));
      try {
        let agent = await startAgent(dir);
        const { vm } = await agent.api.vm.create.mutate({ name: 'web', kernel: tinyGuestPath(), cmdline: 'numbers slow', memoryMib: 64 });
        await agent.api.vm.start.mutate({ vm: 'web' });
        const path = dir.join('data', 'vm', vm.id, 'console.log');
        const log = checkLog(path);
        const watching = clients.map((client) => watchConsole(client, vm.id, () => random(8) + 1));
        for (let kill = 1; kill <= kills; kill++) {
          const size = statSync(path).size;
          await waitFor('viewers to have more', () => watching.every(({ offset }) => offset() > size), patient);
          await agent.end('SIGKILL');
          const sinceMs = performance.now();
          if (kill === deadKill) await waitFor('a minute without an agent to be over', () => performance.now() - sinceMs > 60_000, patient);
          log.readOn();
          agent = await startAgent(dir);
        }
        await agent.api.vm.stop.mutate({ vm: 'web', graceMs: 60_000 });
        log.readOn();
        await waitFor('every viewer to have the whole log', () => watching.every(({ offset }) => offset() === log.bytes()), patient);
        expect(watching.flatMap(({ faults }) => faults())).toEqual([]);
        expect(Math.min(...watching.map(({ joins }) => joins()))).toBeGreaterThan(kills);
        console.log(`viewers: ${log.bytes()} bytes each, joined ${watching.reduce((sum, { joins }) => sum + joins(), 0)} times in all`);
        for (const { leave } of watching) leave();
        await agent.api.vm.delete.mutate({ vm: 'web' });
        expect(await agent.end('SIGTERM')).toBe(0);
      } finally {
        await Promise.all(clients.map((client) => client.close()));
        endProcessesOf(dir.path);
      }
    },
  );
