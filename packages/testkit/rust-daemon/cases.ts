import { describe, expect, type test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { asRustDaemon, firstRelease, insertVm, latestRelease, selectRuntime } from '@mvirt/store/testing/rust-daemon';
import { waitFor } from '../wait-for.ts';
import { openRustRoom, type RustBench, type RustRoom, rustConfig, rustVmId } from './room.ts';

/** No byte is lost between two agents: a real guest takes its time for a flood. */
export function rustFloodCase(bench: RustBench, bunTest: typeof test): void {
  const test = roomTest(bench, bunTest);
  test('its guest floods while the agent leaves: the next one has every byte', async (room) => {
    const vmm = await room.start();
    room.leave({ pid: vmm.process.pid });
    {
      await using agent = await room.agent();
      await agent.shows('TINY up');
      await agent.type('f');
      await agent.shows('.'.repeat(1000));
    }
    await using agent = await room.agent();
    await agent.shows('.\r\n', 1, 45_000);
    expect(room.console().replace(/[^.]/g, '').length).toBe(262_144);
    await agent.type('alive');
    await agent.shows('alive');
  });
}

/** What becomes of the VMs of a data directory that the Rust daemon has left, on a real VMM or on one that answers like it. */
export function rustDaemonCases(bench: RustBench, bunTest: typeof test): void {
  if (bench.missing !== null) console.log(`skip: ${bench.name}: ${bench.missing}`);
  const test = roomTest(bench, bunTest);

  describe(`VMs of the Rust daemon: ${bench.name}`, () => {
    for (const [release, tables] of [
      ['first', firstRelease],
      ['latest', latestRelease],
    ] as const) {
      test(`of its ${release} release: one that runs is adopted with its console, obeys, is left, adopted again, stopped and started as ours`, async (room) => {
        const [first, hot] = [room.disk('first.raw'), room.disk('hot.raw')];
        const vmm = await room.start({ disks: [{ path: first }] });
        room.leave({ tables, pid: vmm.process.pid, config: { disks: [{ path: first, readonly: false }] } });
        asRustDaemon(room.dataDir, (db) =>
          insertVm(db, { id: '..', name: '-rf\n', state: 'stopped', config_json: '{"memory_mb":1}', created_at: 1, started_at: null }),
        );
        {
          await using agent = await room.agent();
          const { vms } = agent.engine;
          expect(vms.list().map(({ id }) => id as string)).toEqual([rustVmId, '..']);
          expect(vms.get(room.id)).toMatchObject({
            pid: vmm.process.pid,
            hypervisor: 'cloud-hypervisor',
            condition: { observed: 'running', responsive: true },
          });
          expect(agent.log.join()).toContain('may stay silent until the VM is rebooted');
          // What was printed before anybody listened.
          await agent.shows('TINY up');
          await agent.type('hello');
          await agent.shows('hello');

          await vms.pause(room.id, {});
          expect(vms.get(room.id).condition.observed).toBe('paused');
          await vms.resume(room.id, {});
          await vms.attachDisk(room.id, { path: hot, readonly: false }, {});
          await agent.shows('TINY pci up');
          expect((await vms.blockStats(room.id, {})).map(({ path }) => path)).toEqual([first, hot]);
          await vms.detachDisk(room.id, first, {});
          await waitFor('the disk to be gone', () => agent.events().includes('disk-detached'));
          await vms.reboot(room.id, {});
          await agent.shows('TINY up', 2);
          await agent.type('again');
          await agent.shows('again');
          await waitFor('the reboot to be told', () => agent.events().includes('rebooted'));
          expect(agent.events()).toEqual(['adopted', 'paused', 'resumed', 'disk-attached', 'disk-detached', 'rebooted']);
          expect(asRustDaemon(room.dataDir, selectRuntime)).toMatchObject([
            { vm_id: rustVmId, pid: vmm.process.pid, serial_socket: join(room.runDir, 'serial.sock') },
          ]);
        }
        // Left in an orderly way: the line serves the next one, as it would serve the Rust daemon.
        expect(await typed(join(room.runDir, 'serial.sock'), 'good day')).toContain('good day');
        {
          await using agent = await room.agent();
          const { vms } = agent.engine;
          expect(vms.get(room.id)).toMatchObject({ pid: vmm.process.pid, condition: { observed: 'running', responsive: true } });
          await agent.type('second');
          await agent.shows('second');
          const stopped = await vms.stop(room.id, { graceMs: 20_000 });
          expect(stopped.vm.condition).toMatchObject({
            observed: 'stopped',
            cause: { kind: 'not-observable', detail: expect.stringContaining('asked to power off') },
          });
          expect(vmm.ended()).toBe(true);
          expect(room.console()).toContain('TINY bye');
          expect(asRustDaemon(room.dataDir, selectRuntime)).toEqual([]);

          await vms.start(room.id, {});
          await agent.shows('TINY up', 3);
          await agent.type('mine');
          await agent.shows('mine');
          expect((await vms.stop(room.id, { graceMs: 20_000 })).vm.condition.cause?.kind).toBe('asked-stop');
          await vms.delete('..' as never, {});
          expect(existsSync(room.runDir)).toBe(true);
        }
      });
    }

    test('its guest resets: the console goes on by itself', async (room) => {
      const vmm = await room.start();
      room.leave({ pid: vmm.process.pid });
      await using agent = await room.agent();
      await agent.shows('TINY up');
      await agent.type('r');
      await agent.shows('TINY up', 2);
      await agent.type('anew');
      await agent.shows('anew');
      await waitFor('the reset to be told', () => agent.events().includes('rebooted'));
    });

    test('a serial line that goes into a file is shown, and takes no input', async (room) => {
      const vmm = await room.start({ serial: { mode: 'File', file: join(room.runDir, 'console.log') } });
      room.leave({ pid: vmm.process.pid, serial: 'console.log' });
      await using agent = await room.agent();
      await agent.shows('TINY up');
      expect(agent.log.join()).toContain('takes no input until the VM is stopped and started again');
      await expect(agent.type('hello')).rejects.toMatchObject({ code: 'CONSOLE_READ_ONLY', hint: expect.stringContaining('mvirt start') });
      expect((await agent.engine.vms.stop(room.id, { graceMs: 20_000 })).vm.condition.observed).toBe('stopped');
      expect(room.console()).toContain('TINY bye');
    });

    test('one that hangs is adopted as not responding, and answers again when it wakes', async (room) => {
      const vmm = await room.start();
      room.leave({ pid: vmm.process.pid });
      room.host.processes.signal(vmm.process, 'SIGSTOP');
      await using agent = await room.agent();
      expect(agent.engine.vms.get(room.id)).toMatchObject({ pid: vmm.process.pid, condition: { observed: 'running', responsive: false } });
      room.host.processes.signal(vmm.process, 'SIGCONT');
      await waitFor('it to answer', () => agent.engine.vms.get(room.id).condition.responsive);
      await agent.type('awake');
      await agent.shows('awake');
    });

    test('one that hangs can be killed', async (room) => {
      const vmm = await room.start();
      room.leave({ pid: vmm.process.pid });
      room.host.processes.signal(vmm.process, 'SIGSTOP');
      await using agent = await room.agent();
      expect((await agent.engine.vms.kill(room.id, {})).vm.condition.cause?.kind).toBe('killed');
      expect(vmm.ended()).toBe(true);
    });

    test('ends are told for what is known of them', async (room) => {
      const vmm = await room.start();
      room.leave({ pid: vmm.process.pid });
      await using agent = await room.agent();
      const { vms } = agent.engine;
      await agent.shows('TINY up');
      await agent.type('q');
      const { condition } = await vms.wait(room.id, 'stopped', { timeoutMs: 15_000 });
      expect(condition.cause).toMatchObject({
        kind: 'not-observable',
        detail: expect.stringContaining('another daemon'),
        consoleTail: expect.stringContaining('TINY bye'),
      });
    });

    test('a deaf guest has its power cut', async (room) => {
      const vmm = await room.start({ payload: { ...{ kernel: rustConfig.kernel }, cmdline: 'deaf keep' } });
      room.leave({ pid: vmm.process.pid });
      await using agent = await room.agent();
      await agent.shows('TINY up');
      expect((await agent.engine.vms.stop(room.id, { graceMs: 100 })).vm.condition.cause?.kind).toBe('powered-off');
      expect(vmm.ended()).toBe(true);
    });

    test('one whose machine another program has switched off is ended', async (room) => {
      const vmm = await room.start();
      room.leave({ pid: vmm.process.pid, vm: { state: 'stopping' } });
      await vmm.api('PUT', 'vm.shutdown');
      await using agent = await room.agent();
      const { condition } = await agent.engine.vms.wait(room.id, 'stopped', { timeoutMs: 15_000 });
      expect(condition.cause?.kind).toBe('powered-off');
      expect(vmm.ended()).toBe(true);
    });

    test('one that ended while nobody watched is settled', async (room) => {
      const vmm = await room.start();
      room.leave({ pid: vmm.process.pid });
      await vmm[Symbol.asyncDispose]();
      await using agent = await room.agent();
      expect(agent.engine.vms.get(room.id)).toMatchObject({ pid: null, condition: { observed: 'stopped', cause: { kind: 'not-observable' } } });
      expect(agent.events()).toEqual(['stopped']);
    });

    test('a process that has its pid, another one behind its socket, none at all: none of them is taken for it, and none is harmed', async (room) => {
      const other = spawn('sleep', ['600'], { stdio: 'ignore' });
      const sleeper = room.host.processes.identify(other.pid ?? 0);
      if (sleeper === null) throw new Error('sleep did not start');
      try {
        const vmm = await room.start();
        room.leave({ pid: sleeper.pid });
        const seen = async () => {
          await using agent = await room.agent();
          return agent.engine.vms.get(room.id);
        };
        const again = () =>
          asRustDaemon(room.dataDir, (db) =>
            db.exec(
              `UPDATE vms SET state = 'running'; INSERT INTO vm_runtime VALUES ('${rustVmId}', ${sleeper.pid}, '${room.runDir}/api.sock', '${room.runDir}/serial.sock')`,
            ),
          );
        expect(await seen()).toMatchObject({
          pid: null,
          condition: { observed: 'stopped', cause: { detail: expect.stringContaining(`served by process ${vmm.process.pid}`) } },
        });
        expect(vmm.ended()).toBe(false);
        again();
        await vmm[Symbol.asyncDispose]();
        expect((await seen()).condition.cause?.detail).toContain('nobody listens on');
        again();
        rmSync(join(room.runDir, 'api.sock'), { force: true });
        expect((await seen()).condition.cause).toMatchObject({
          detail: expect.stringContaining('nobody listens on'),
          hint: expect.stringContaining(`process ${sleeper.pid}`),
        });
        again();
        asRustDaemon(room.dataDir, (db) => db.exec('UPDATE vms SET started_at = 1000'));
        expect((await seen()).condition.cause?.kind).toBe('host-reboot');
        expect(room.host.processes.isAlive(sleeper)).toBe(true);
      } finally {
        const gone = once(other, 'exit');
        other.kill('SIGKILL');
        await gone;
      }
    });
  });
}

/** What becomes of NICs and TAPs. */
export function rustNicCase(bench: RustBench, bunTest: typeof test): void {
  const test = roomTest(bench, bunTest);
  test("the daemon's own TAP goes with the run and its MAC stays; a client's TAP is left alone", async (room) => {
    const own = `mvirt-${rustVmId.slice(0, 8)}`;
    const [ownMac, clientMac] = ['2e:11:22:33:44:55', '52:54:00:00:00:07'];
    for (const tap of [own, 'tap7']) room.network.addForeignTap(tap);
    const vmm = await room.start({
      net: [
        { tap: own, mac: ownMac },
        { tap: 'tap7', mac: clientMac },
      ],
    });
    const nics = [
      { tap: null, mac: null },
      { tap: 'tap7', mac: clientMac },
    ];
    room.leave({ pid: vmm.process.pid, config: { nics } });
    {
      await using agent = await room.agent();
      await waitFor('the TAP to be ours', () => room.network.taps().length > 0);
      expect(room.network.taps()).toEqual([{ tap: own, vmId: rustVmId }]);
      expect(agent.engine.vms.get(room.id).nics).toMatchObject([
        { mac: ownMac, tap: own },
        { mac: clientMac, tap: 'tap7' },
      ]);
    }
    await using agent = await room.agent();
    const { vms } = agent.engine;
    expect(room.network.taps()).toHaveLength(1);
    await vms.detachNic(room.id, clientMac, {});
    await waitFor('the NIC to be gone', () => agent.events().includes('nic-detached'));
    await vms.stop(room.id, { graceMs: 20_000 });
    expect(room.network.taps()).toEqual([]);
    expect(room.network.foreignTaps()).toEqual(['tap7']);
    expect(vms.get(room.id).spec.nics).toEqual([{ tap: null, mac: ownMac, vhostSocket: null, network: null }]);
  });
}

/** What a raw client sees of the line after it has typed. */
async function typed(path: string, text: string): Promise<string> {
  const socket = connect({ path, allowHalfOpen: true });
  let seen = '';
  socket.on('data', (bytes) => (seen += bytes.toString('latin1')));
  socket.write(text);
  await waitFor('the echo', () => seen.includes(text));
  socket.end();
  await once(socket, 'close');
  return seen;
}

/** A room for each test. */
const roomTest = (bench: RustBench, bunTest: typeof test) => (name: string, run: (room: RustRoom) => Promise<void>) =>
  void bunTest.skipIf(bench.missing !== null)(
    name,
    async () => {
      await using room = openRustRoom(bench);
      await run(room);
    },
    60_000,
  );
