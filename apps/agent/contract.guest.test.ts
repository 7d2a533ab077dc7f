import { expect, test } from 'bun:test';
import { commandLineOf, startAgent } from '@mvirt/testkit/agent-process';
import { noPython } from '@mvirt/testkit/contract/python';
import { openPythonClient } from '@mvirt/testkit/contract/python-client';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { tinyGuestPath } from '@mvirt/testkit/tiny-guest';
import { waitFor } from '@mvirt/testkit/wait-for';

const missing = Bun.which('qemu-system-x86_64') === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : noPython();
if (missing) console.log(`skipped: ${missing}`);

test.skipIf(missing !== null)(
  'a first-release client in Python runs a real guest through a real agent: created, started, typed to, stopped, told of, deleted',
  async () => {
    using dir = tempDir('contract');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    const target = `unix:${dir.join('grpc.sock')}`;
    await using agent = await startAgent(dir, ['--listen', target]);
    await using python = await openPythonClient('v1');
    const client = python.connect(target);
    const watch = client.watch();
    await watch.ready;
    const { id } = await client.call('CreateVm', { name: 'Tiny One', config: { vcpus: 1, memory_mb: '64', kernel: tinyGuestPath() } });
    let pid = 0;
    try {
      expect((await client.call('StartVm', { id })).state).toBe(3);
      pid = (await agent.api.vm.get.query({ vm: id })).pid ?? 0;
      expect(commandLineOf(pid)).toContain('qemu');
      const console = client.console();
      console.send('', id);
      await console.ready;
      // It may still boot, and then hears nothing yet.
      await waitFor(
        'the guest to echo',
        () => {
          console.send('hello');
          return console.seen().includes('hello');
        },
        { timeoutMs: 30_000 },
      );
      const stopped = await client.call('StopVm', { id, timeout_seconds: 20 });
      expect([stopped.state, typeof stopped.started_at]).toEqual([1, 'string']);
      expect((await console.ended()).code).toBe('OK');
      expect(commandLineOf(pid)).toBeNull();
    } finally {
      if (pid !== 0 && commandLineOf(pid)?.includes('qemu')) process.kill(pid, 'SIGKILL');
    }
    await client.call('DeleteVm', { id });
    expect((await watch.until(4)).map(({ vm_id, type, vm }) => [vm_id, type, vm?.name])).toEqual([1, 2, 3, 4].map((type) => [id, type, 'Tiny One']));
    expect(await agent.end('SIGTERM')).toBe(0);
    expect((await watch.ended()).code).toBe('UNAVAILABLE');
  },
  120_000,
);
