import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { newCondition } from '@mvirt/domain';
import { createLinuxHost } from '@mvirt/host/linux';
import { createSqliteStore } from '@mvirt/store/sqlite';
import { createFakeNetwork } from '@mvirt/testkit/fake-network';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { startTestVmm } from '@mvirt/testkit/test-vmm';
import { vmSpec } from '@mvirt/testkit/vm-spec';
import { checkLeftovers } from './check-leftovers.ts';

const vm = (id: string, live: boolean) => ({
  id: id as never,
  name: id,
  spec: vmSpec(),
  unknownKeys: {},
  condition: { ...newCondition(), observed: live ? ('running' as const) : ('stopped' as const) },
  pendingSpec: null,
  createdAtMs: 1,
  startedAtMs: null,
  endedAtMs: null,
  run: { vmId: id, runDir: '/', runId: 'r', hypervisor: 'qemu' as const, process: null, disks: [], nics: [], live, startedAtMs: 1 },
});

const noSignal = {};

test('what belongs to no VM is named, and taken away when asked; what a VM has, and what is not ours, stays', async () => {
  using dir = tempDir('leftovers');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  const host = createLinuxHost();
  const network = createFakeNetwork();
  const store = createSqliteStore({ dataDir: dir.path });
  store.vms.insert(vm('up', true));
  store.vms.insert(vm('off', false));
  store.consoles.put({ vmId: 'gone' as never, logId: 'l', inode: 1, keptFrom: 0, knownSize: 0, runs: [], times: [] });
  store.images.insert({ name: 'kept', format: 'raw', sizeBytes: 512, sha256: '', source: null, user: null, createdAtMs: 1 });
  store.close();
  const files = ['images/kept.raw', 'images/lost.qcow2', 'images/.import-x.part', 'disks/off.qcow2', 'disks/ghost.raw', 'disks/.new-1', 'disks/notes.txt'];
  for (const folder of ['images', 'disks']) mkdirSync(dir.join(folder));
  for (const name of files) writeFileSync(dir.join(name), '');
  for (const id of ['up', 'off', 'gone']) await network.prepare({ vmId: id, nics: [{ index: 0, tap: null, mac: null }] }, noSignal);
  await using kept = await startTestVmm(host, dir.join('vm', 'up'), ['sleep', '1000']);
  await using ghost = await startTestVmm(host, dir.join('vm', 'ghost'), ['sleep', '1000']);
  mkdirSync(dir.join('vm', 'mine'));
  writeFileSync(dir.join('vm', 'mine', 'holiday.jpg'), '');
  mkdirSync(dir.join('vm', 'off'));

  const check = (options: { fix: boolean; hasAgent: boolean; nowMs?: () => number }) => checkLeftovers({ host, network, dataDir: dir.path, ...options });
  const beside = await check({ fix: false, hasAgent: true, nowMs: () => Date.now() + 120_000 });
  expect(beside).toMatchObject({ status: 'warning', hint: 'mvirt doctor --fix takes it away, but for a folder that holds what mvirt did not put there' });
  expect(beside.detail.split('\n').map((line) => line.replaceAll(`${dir.path}/vm/`, ''))).toEqual([
    `VMM ${ghost.process.pid} in ghost is no VM's`,
    expect.stringMatching(/^TAP mvirt-[0-9a-f]{8} of VM gone is held by no VMM$/),
    expect.stringMatching(/^(ghost|mine) is no VM's/),
    expect.stringMatching(/^(ghost|mine) is no VM's/),
    `${dir.path}/disks/ghost.raw is the disk of a VM that is gone`,
    `${dir.path}/images/lost.qcow2 is no image's`,
    '1 rows of the database belong to no VM',
  ]);
  // A running agent may be about to store the rows of files that it has just named.
  expect((await check({ fix: false, hasAgent: true })).detail).not.toMatch(/ghost\.raw|lost\.qcow2/);
  // Without an agent a stopped VM's TAP is nobody's affair either.
  expect((await check({ fix: false, hasAgent: false })).detail).toContain('of VM off is held by no VMM');

  const fixed = await check({ fix: true, hasAgent: false });
  expect(fixed).toMatchObject({ status: 'warning', hint: 'take those files away first' });
  expect(fixed.detail).toMatch(/NOT taken away: .*mine is no VM's, and holds what mvirt did not put there: holiday.jpg/);
  expect(host.processes.isAlive(ghost.process)).toBe(false);
  expect(host.processes.isAlive(kept.process)).toBe(true);
  expect([existsSync(dir.join('vm', 'ghost')), existsSync(dir.join('vm', 'mine', 'holiday.jpg')), existsSync(dir.join('vm', 'off'))]).toEqual([
    false,
    true,
    true,
  ]);
  const gone = ['images/lost.qcow2', 'disks/ghost.raw'];
  expect(files.filter((name) => !existsSync(dir.join(name)))).toEqual(gone);
  expect(network.taps().map(({ vmId }) => vmId)).toEqual(['up']);
  const after = await check({ fix: true, hasAgent: false });
  expect(after.detail.split('\n')).toHaveLength(1); // the folder that is not ours
});

test('a data directory without a database has nothing to be left over', async () => {
  using dir = tempDir('leftovers');
  const check = await checkLeftovers({ host: createLinuxHost(), network: createFakeNetwork(), dataDir: dir.path, hasAgent: false, fix: true });
  expect(check).toMatchObject({ status: 'ok', detail: 'nothing' });
});
