import { expect, test } from 'bun:test';
import { fakeVm } from './testing/fake-agent.ts';
import { expectWhole, openUi } from './testing/open-ui.tsx';

const small = { width: 80, height: 24 };
const large = { width: 140, height: 40 };

const full = () =>
  fakeVm({
    name: 'web-1',
    state: 'running',
    pid: 4711,
    keepRunning: true,
    kernel: '/srv/vmlinuz',
    cmdline: 'console=ttyS0',
    disks: [{ path: '/srv/web-1.qcow2', readonly: true, format: 'qcow2' }],
    nics: [{ mac: '52:54:00:00:00:01', tap: 'mvirt-1', network: 'br0', kept: [], addresses: ['192.0.2.10'] }],
    labels: { role: 'front' },
    pending: { vcpus: 4 },
    lastExit: { at: '2026-01-01T00:00:00Z', cause: 'guest-panic', detail: 'the kernel panicked', hint: 'see its console' },
    startedAt: '2026-01-02T12:00:01Z',
  });

test('details show everything, and follow what changes', async () => {
  await using open = await openUi(large);
  open.fake.vms({ kind: 'snapshot', vms: [full()] });
  const frame = await open.keys('i');
  expectWhole(frame, large);
  for (const text of [
    /name +web-1/,
    /state +● running, pid 4711/,
    /pending +vcpus becomes 4 at the next start/,
    /last exit +2026-01-01T00:00:00Z {2}guest-panic: the kernel panicked/,
    /hint +see its console/,
    /kernel +\/srv\/vmlinuz/,
    /disk +\/srv\/web-1\.qcow2 {2}qcow2, read-only/,
    /NIC +52:54:00:00:00:01 {2}tap mvirt-1 {2}on br0 {2}192\.0\.2\.10/,
    /label +role=front/,
  ])
    expect(frame).toMatch(text);
  open.fake.vms({ kind: 'changed', vm: { ...full(), state: 'paused' } });
  expect(await open.frame()).toMatch(/state +‖ paused/);
  open.fake.vms({ kind: 'removed', id: 'id-web-1' });
  expect(await open.frame()).not.toContain('Details');
});

test('a disk and a NIC are taken away at the cursor, with the line that does the same', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [full()] });
  expect(await open.keys('i', 'x')).toContain('take away: the cursor is on no disk or NIC');
  const to = async (label: string) => {
    await open.keys('g');
    for (let row = 0; row < 40 && open.ui.view().part?.kind !== label; row += 1) await open.keys('j');
  };
  await to('disk');
  expect(await open.keys('x')).toContain('$ mvirt detach-disk web-1 /srv/web-1.qcow2');
  await open.screen.waitForFrame((text) => text.includes('web-1: detached disk'));
  open.fake.answers.device = async (id) => ({ vm: fakeVm({ id }), changed: true, note: 'removal pending: the guest has not let go' });
  await to('nic');
  await open.keys('x');
  await open.screen.waitForFrame((text) => text.includes('removal pending'));
  await open.keys('y');
  expect(open.copied).toEqual(['52:54:00:00:00:01  tap mvirt-1  on br0  192.0.2.10']);
  expect(open.fake.calls).toEqual([
    { action: 'detachDisk', id: 'id-web-1', input: '/srv/web-1.qcow2' },
    { action: 'detachNic', id: 'id-web-1', input: '52:54:00:00:00:01' },
  ]);
});

test('a disk is picked among the files of the agent and added while the VM runs', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [full()] });
  open.fake.answers.device = async () => ({ vm: full(), changed: true, note: null });
  const folders: Record<string, { name: string; kind: 'folder' | 'file'; sizeBytes: number }[]> = {
    '/': [{ name: 'srv', kind: 'folder', sizeBytes: 0 }],
    '/srv': [
      { name: 'data.raw', kind: 'file', sizeBytes: 1024 ** 3 },
      { name: 'other.raw', kind: 'file', sizeBytes: 1 },
    ],
  };
  open.fake.answers.listFolder = async (path) => {
    const found = folders[path];
    if (found === undefined) throw new Error(`no folder ${path}`);
    return found;
  };
  await open.keys('i', 'a', '^o');
  await open.screen.waitForFrame((text) => text.includes('srv/'));
  await open.keys('ENTER');
  let frame = await open.screen.waitForFrame((text) => text.includes('data.raw'));
  expectWhole(frame, small);
  expect(frame).toMatch(/data\.raw +1\.0G/);
  expect(await open.keys('o', 't')).not.toContain('data.raw');
  await open.keys('^u', 'LEFT');
  await open.screen.waitForFrame((text) => text.includes('srv/'));
  await open.keys('ENTER');
  await open.screen.waitForFrame((text) => text.includes('data.raw'));
  frame = await open.keys('ENTER');
  expect(frame).toMatch(/Disk +\/srv\/data\.raw/);
  expect(frame).toContain('$ mvirt attach-disk web-1 /srv/data.raw');
  frame = await open.keys('TAB', 'TAB', 'TAB');
  expect(frame).toContain('$ mvirt attach-disk web-1 /srv/data.raw --ro');
  await open.keys('ENTER');
  frame = await open.screen.waitForFrame((text) => text.includes('web-1: attached disk /srv'));
  expect(frame).toContain('Details  web-1');
  expect(open.fake.calls).toEqual([{ action: 'attachDisk', id: 'id-web-1', input: { path: '/srv/data.raw', readonly: true } }]);
});

test('a folder that cannot be read says so, and one that is slow can be left', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [full()] });
  open.fake.answers.listFolder = async () => {
    throw new Error('folder / may not be read by the agent');
  };
  await open.keys('i', 'a', '^o');
  await open.screen.waitForFrame((text) => text.includes('may not be read'));
  await open.keys('ESC');
  const never = Promise.withResolvers<never>();
  open.fake.answers.listFolder = () => never.promise;
  expect(await open.keys('^o')).toContain('reading …');
  expect(await open.keys('ESC')).toContain('Add a disk to web-1');
  expect(await open.keys('ESC', 'ESC')).not.toContain('Details');
});

test('a VM is changed by what differs, and the agent’s word stands beside its field', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [full()] });
  let frame = await open.keys('E');
  expect(frame).toMatch(/Name +web-1/);
  expect(frame).toMatch(/vCPUs +4/);
  await open.keys('^s');
  await open.screen.waitForFrame((text) => text.includes('× nothing is changed'));
  frame = await open.keys('TAB', 'TAB', '0');
  expect(frame).toContain('$ mvirt set web-1 memory=10240');
  const { MvirtError } = await import('@mvirt/domain');
  open.fake.answers.set = async () => {
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: 'memory: 10240 MiB is more than this host has', hint: 'less' });
  };
  await open.keys('^s');
  frame = await open.screen.waitForFrame((text) => text.includes('× 10240 MiB is more than this host has'));
  const rows = frame.split('\n');
  expect(rows[rows.findIndex((row) => row.includes('Memory')) + 1]).toContain('× 10240 MiB');
  expect(open.fake.calls).toEqual([{ action: 'set', id: 'id-web-1', input: { memoryMib: 10240 } }]);
});

test('a NIC is added with what was typed, and a wrong address is told before it is sent', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [full()] });
  await open.keys('i', 'n', 'TAB', 'x', '^s');
  await open.screen.waitForFrame((text) => text.includes('× must be six bytes in hex'));
  await open.keys('BACKSPACE', 'S-TAB');
  for (let letter = 0; letter < 7; letter += 1) await open.keys('BACKSPACE');
  await open.keys('t', 'a', 'p', '=', 't', '0');
  expect(await open.keys('^s')).toContain('$ mvirt attach-nic web-1 --network tap=t0');
  expect(open.fake.calls).toEqual([{ action: 'attachNic', id: 'id-web-1', input: { tap: 't0' } }]);
});
