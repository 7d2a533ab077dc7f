import { afterEach, beforeEach, expect, test } from 'bun:test';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { createLinuxHost } from '@mvirt/host/linux';
import type { BenchRoom } from '@mvirt/testkit/hypervisor/bench';
import { listenTo } from '@mvirt/testkit/hypervisor/fact-log';
import { qemuTinyBench } from '@mvirt/testkit/hypervisor/qemu-bench';
import { waitFor } from '@mvirt/testkit/wait-for';
import type { Vmm } from '../driver.ts';
import { sockets } from '../run-files.ts';
import { blockNode, spareRootPorts } from './launch-plan.ts';

/** What holds on QEMU alone; what holds on every hypervisor is in the contract. */
const bench = qemuTinyBench('QEMU', '');
if (bench.missing !== null) console.log(`skip: ${bench.missing}`);
const guestTest = test.skipIf(bench.missing !== null);

let room: BenchRoom;
let running: Vmm[];

beforeEach(async () => {
  room = await bench.open();
  running = [];
});

afterEach(async () => {
  for (const vmm of running) room.processes.signal(vmm.process, 'SIGKILL');
  await waitFor('every VMM to be gone', () => running.every((vmm) => !room.processes.isAlive(vmm.process)));
  for (const vmm of running) vmm.close();
  await room[Symbol.asyncDispose]();
  bench.close?.();
});

async function launch(parts?: Parameters<BenchRoom['request']>[0]) {
  const request = room.request(parts);
  const vmm = await room.agent().launch(request, { signal: AbortSignal.timeout(30_000) });
  running.push(vmm);
  return { request, vmm, run: { ...request.run, process: vmm.process }, guest: room.guestOf(request, vmm) };
}

guestTest(
  'another program on qmp.sock: the VM is taken over, calls say who is in the way, and all works once it has left',
  async () => {
    const { run, vmm: first } = await launch();
    first.close();
    using short = createLinuxHost().files.shortPath(run.runDir, sockets.qmp);
    const other = connect({ path: short.path });
    await new Promise((resolve) => other.once('data', resolve));

    const vmm = await room.agent().adopt(run, { signal: AbortSignal.timeout(30_000) });
    running.push(vmm);
    const facts = listenTo(vmm);
    await facts.until('unresponsive');
    await expect(vmm.status({})).rejects.toThrow('another program holds its qmp.sock');
    other.destroy();
    await facts.until('responsive');
    expect(await vmm.status({})).toBe('running');
  },
  60_000,
);

guestTest(
  'a disk that another VM writes to is refused with what QEMU says of its lock, at a start and at a running VM',
  async () => {
    const disk = room.disk('shared');
    await launch({ disks: [disk] });
    await expect(launch({ disks: [disk] })).rejects.toMatchObject({ code: 'START_FAILED', message: expect.stringContaining('Failed to get "write" lock') });
    const { vmm } = await launch();
    await expect(vmm.attachDisk(disk, {})).rejects.toMatchObject({ code: 'DISK_IN_USE' });
    expect(await vmm.blockStats({})).toEqual([]);
  },
  60_000,
);

guestTest(
  'there are as many free slots as promised, then none, and a removal frees one',
  async () => {
    const { vmm, guest } = await launch({ disks: [room.disk('cold')] });
    await guest.up(1);
    const disks = Array.from({ length: spareRootPorts + 1 }, (_, index) => room.disk(`hot${index}`));
    const last = disks.pop();
    for (const disk of disks) await vmm.attachDisk(disk, {});
    if (last === undefined) throw new Error('no disks');
    await expect(vmm.attachDisk(last, {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(await vmm.detachDisk(disks[0]?.path ?? '', {})).toBe('removed');
    await vmm.attachDisk(last, {});
    expect(await vmm.blockStats({})).toHaveLength(spareRootPorts + 1);
  },
  60_000,
);

/** Whether the VMM has the disk's file open, and with it the lock. */
const holds = (vmm: Vmm, path: string): boolean => {
  const folder = `/proc/${vmm.process.pid}/fd`;
  return readdirSync(folder).some((fd) => readlinkSync(`${folder}/${fd}`) === path);
};

guestTest(
  'a detach that has answered has let go of the file; what an agent died of before it was plugged in is let go of by the next one',
  async () => {
    const { vmm: first, guest, run } = await launch();
    await guest.up(1);
    const [disk, half] = [room.disk('hot'), room.disk('half')];
    await first.attachDisk(disk, {});
    expect(holds(first, disk.path)).toBe(true);
    expect(await first.detachDisk(disk.path, {})).toBe('removed');
    expect(holds(first, disk.path)).toBe(false);
    first.close();

    // As an agent does that dies in the middle of an attach: the backend is there, the device is not.
    using short = createLinuxHost().files.shortPath(run.runDir, sockets.qmp);
    const dying = connect({ path: short.path });
    const said = new Promise<void>((resolve) => dying.on('data', (text) => String(text).includes('"half"') && resolve()));
    dying.write(`{"execute":"qmp_capabilities"}{"execute":"blockdev-add","id":"half","arguments":${JSON.stringify(blockNode(half))}}`);
    await said;
    expect(holds(first, half.path)).toBe(true);
    dying.destroy();
    const vmm = await room.agent().adopt({ ...run, disks: [half] }, { signal: AbortSignal.timeout(30_000) });
    running.push(vmm);
    await expect(vmm.detachDisk(half.path, {})).rejects.toMatchObject({ code: 'DISK_NOT_FOUND' });
    expect(holds(first, half.path)).toBe(false);
  },
  30_000,
);

guestTest(
  'the seed is the last disk, read-only, and no disk of the user; QEMU keeps its sandbox and its place',
  async () => {
    const request = room.request({ disks: [room.disk('root')] });
    const seed = room.disk('seed');
    const vmm = await room.agent().launch({ ...request, seedImage: seed.path }, { signal: AbortSignal.timeout(30_000) });
    running.push(vmm);
    room.guestOf(request, vmm);
    expect((await vmm.blockStats({})).map((stats) => stats.path)).toEqual([request.run.disks[0]?.path ?? '']);
    await expect(vmm.detachDisk(seed.path, {})).rejects.toMatchObject({ code: 'DISK_NOT_FOUND' });
    const status = readFileSync(`/proc/${vmm.process.pid}/status`, 'utf8');
    expect(status).toMatch(/^Seccomp:\s+2$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  },
  60_000,
);

guestTest(
  'a run whose agent ended before the VMM was recorded: adopted by its process, its events are read from the start',
  async () => {
    const { run, vmm: lost, guest } = await launch();
    await guest.up(1);
    lost.close();
    await guest.reset();
    await guest.up(2);
    const vmm = await room.agent().adopt(run, { signal: AbortSignal.timeout(30_000) });
    running.push(vmm);
    const facts = listenTo(vmm);
    await facts.until('guest-reset');
    await vmm.powerOff({});
    expect((await facts.until('ended')).cause.kind).toBe('powered-off');
    const neverSpawned = { ...run, runId: 'never', process: null };
    expect((await room.agent().causeOfEnd(neverSpawned, {})).kind).toBe('start-failed');
    const otherBoot = { ...run, runId: 'never', process: { ...run.process, bootId: 'another' } };
    expect((await room.agent().causeOfEnd(otherBoot, {})).kind).toBe('host-reboot');
    const lostStatus = { ...run, runId: 'never' };
    expect((await room.agent().causeOfEnd(lostStatus, {})).kind).toBe('not-observable');
  },
  60_000,
);
