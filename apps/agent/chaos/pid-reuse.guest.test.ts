import { expect, test } from 'bun:test';
import { tinyGuestPath } from '@mvirt/guests';
import { commandLineOf, startAgent } from '@mvirt/testkit/agent-process';
import { lackingChosenPids, sleeperWithPid } from '@mvirt/testkit/chaos/same-pid';
import { lackingForStorms } from '@mvirt/testkit/chaos/storm-room';
import { endProcessesOf } from '@mvirt/testkit/dir-processes';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const missing = lackingForStorms() ?? lackingChosenPids();
if (missing !== null) console.log(`skipped: ${missing}`);

test.skipIf(missing !== null)(
  'a process that has the pid of a VMM that is gone, and works in its run directory, is never taken for it and never signalled',
  async () => {
    using dir = tempDir('pid');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    try {
      let pid = 0;
      let runDir = '';
      {
        await using agent = await startAgent(dir);
        const { vm } = await agent.api.vm.create.mutate({ name: 'web', kernel: tinyGuestPath(), memoryMib: 64 });
        pid = (await agent.api.vm.start.mutate({ vm: 'web' })).vm.pid ?? 0;
        runDir = dir.join('data', 'vm', vm.id);
        await agent.end('SIGKILL');
      }
      process.kill(pid, 'SIGKILL');
      await waitFor('the VMM to be gone', () => commandLineOf(pid) === null);
      await sleeperWithPid(pid, runDir);
      for (let round = 0; round < 2; round++) {
        await using agent = await startAgent(dir);
        expect(await agent.api.vm.get.query({ vm: 'web' })).toMatchObject({ state: 'stopped', pid: null, lastExit: { cause: 'vmm-signal' } });
        expect(await agent.api.vm.kill.mutate({ vm: 'web' })).toMatchObject({ changed: false });
        expect(await agent.api.vm.stop.mutate({ vm: 'web' })).toMatchObject({ changed: false });
        await agent.end(round === 0 ? 'SIGKILL' : 'SIGTERM');
        expect(commandLineOf(pid)).toBe('sleep 600');
      }
      await using agent = await startAgent(dir);
      const { vm } = await agent.api.vm.start.mutate({ vm: 'web' });
      expect(vm.pid).not.toBe(pid);
      await agent.api.vm.kill.mutate({ vm: 'web' });
      await agent.api.vm.delete.mutate({ vm: 'web' });
      expect(commandLineOf(pid)).toBe('sleep 600');
      expect(await agent.end('SIGTERM')).toBe(0);
      process.kill(pid, 'SIGKILL');
    } finally {
      endProcessesOf(dir.path);
    }
  },
  120_000,
);
