import { expect, test } from 'bun:test';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { runLeaves, startTestVmm } from '@mvirt/testkit/test-vmm';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createLinuxHost } from '../index.ts';
import { makeGroup, removeGroup } from './group.ts';

/** Where this host's groups are, by making one. */
function probe(): string | null {
  const group = makeGroup('/probe/of-the-test');
  if (group === null) return null;
  removeGroup(group);
  return dirname(group.path);
}

const folder = probe();
const reason = folder === null ? ' (no memory controller here that may be used)' : '';

test.skipIf(folder === null)(`a VMM that the kernel kills for want of memory says so, and its group goes with it${reason}`, async () => {
  using dir = tempDir('group');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
  const host = createLinuxHost();
  for (const eater of ['tail /dev/zero', 'kill -KILL $$']) {
    await using vmm = await startTestVmm(host, dir.path, ['sh', '-c', `read line; ${eater}`]);
    const ownGroup = () =>
      readFileSync(`/proc/${vmm.process.pid}/cgroup`, 'utf8')
        .split('\n')
        .map((line) => line.split(':').at(-1) ?? '')
        .find((group) => basename(group).startsWith(`${basename(dir.path)}-`));
    const path = await waitFor('the VMM to be in its own group', ownGroup);
    const group = join(folder ?? '', basename(path));
    const limit = ['memory.limit_in_bytes', 'memory.max'].map((file) => join(group, file)).find(existsSync);
    writeFileSync(limit ?? '', `${16 * 1024 ** 2}`);
    const line = await host.vmms.openInput({ runDir: dir.path, input: 'fifo', process: vmm.process });
    await line.write(Buffer.from('go\n'), {});
    const exit = await host.vmms.waitExit(dir.path, vmm.plan.exitFile, { timeoutMs: 30_000 });
    line.close();
    expect(exit).toEqual({ status: null, signal: 'SIGKILL', outOfMemory: eater.startsWith('tail') });
    await waitFor('the group to be gone', () => !existsSync(group));
  }
});

test.skipIf(folder === null)(`a group that a killed shim has left is forgotten with its run${reason}`, async () => {
  using dir = tempDir('group');
  const group = makeGroup(dir.path);
  expect(existsSync(group?.path ?? '')).toBe(true);
  createLinuxHost().vmms.forget(dir.path);
  expect(existsSync(group?.path ?? '')).toBe(false);
});
