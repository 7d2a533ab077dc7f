import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { openRealEngine, testBridge } from '@mvirt/testkit/engine/real-engine';
import { serveGrpc } from '@mvirt/testkit/grpc-bridge';
import { openGrpcClient } from '@mvirt/testkit/grpc-client';
import { openGrpcConsole } from '@mvirt/testkit/grpc-console';
import { insideNetNamespace, nicCasesInNamespace } from '@mvirt/testkit/hypervisor/net-rerun';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { linuxGuest } from '@mvirt/testkit/linux-guest';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { BootMode, VmState } from '../wire/index.ts';

const guestMs = 60_000;
const { guest, missing } = await linuxGuest();
if (missing !== null) console.log(`skip: ${missing}`);

async function plugThroughGrpc(): Promise<void> {
  if (guest === null) throw new Error('skipped');
  using dir = tempDir('grpc');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  await using real = await openRealEngine(dir.join('data'));
  await using bridge = await serveGrpc(real.engine, dir.join('grpc.sock'));
  using client = openGrpcClient(bridge.target);
  const config = { vcpus: 1, memory_mb: '256', ...guest, disks: [], nics: [], boot_mode: BootMode.KERNEL, nested_virt: false } as const;
  const { id } = await client.call('CreateVm', { name: 'a real one', config: { ...config, disks: [], nics: [] } });
  expect(await client.call('StartVm', { id })).toMatchObject({ state: VmState.RUNNING });

  const console = openGrpcConsole(client, id);
  await console.attached;
  const says = (what: string, mark: RegExp) =>
    waitFor(`${what} (the console: ${JSON.stringify(console.text().slice(-300))})`, () => mark.test(console.text()), { timeoutMs: guestMs });
  console.type('\n');
  await says('the shell', /# /);
  // The answer is told from the echo of the question by what the shell works out.
  let asked = 0;
  const run = async (command: string): Promise<string> => {
    const mark = `done-${++asked}-`;
    const begin = console.text().length;
    console.type(`${command}; echo ${mark}$((40+2))\n`);
    await says(command, new RegExp(`${mark}42`));
    return console.text().slice(begin);
  };

  const path = dir.join('data.raw');
  writeFileSync(path, Buffer.alloc(1 << 20));
  writeFileSync(path, 'the host was here', { flag: 'r+' });
  const plugged = await client.call('AttachDisk', { vm_id: id, disk: { path, readonly: false } });
  expect(plugged.config?.disks).toEqual([{ path, readonly: false }]);
  await says('the disk', /TINY-HOTPLUG add vda/);
  expect(await run('head -c 17 /dev/vda')).toContain('the host was here');
  await run('echo the guest was here | dd of=/dev/vda bs=512 seek=1 conv=fsync,notrunc 2>/dev/null');
  expect(readFileSync(path).subarray(512, 530).toString()).toBe('the guest was here');

  const mac = '52:54:00:12:34:56';
  expect((await client.call('AttachNic', { vm_id: id, nic: { mac } })).config?.nics).toEqual([{ mac }]);
  await says('the NIC', /TINY-HOTPLUG add eth0/);
  execFileSync('ip', ['address', 'add', '10.77.0.1/24', 'dev', testBridge]);
  expect(await run('cat /sys/class/net/eth0/address')).toContain(mac);
  // The guest's DHCP client finds no server, and clears addresses that are not its own.
  const ping = 'killall udhcpc; ip link set eth0 up; until ip address replace 10.77.0.2/24 dev eth0 && ping -c 1 -W 2 10.77.0.1; do :; done';
  expect(await run(ping)).toContain('1 packets received');

  expect((await client.call('DetachDisk', { vm_id: id, path })).config?.disks).toEqual([]);
  expect((await client.call('DetachNic', { vm_id: id, mac })).config?.nics).toEqual([]);
  await says('the disk leave', /TINY-HOTPLUG remove vda/);
  await says('the NIC leave', /TINY-HOTPLUG remove eth0/);
  expect(await run('ls /sys/block /sys/class/net | grep -cE "vda|eth0"')).toMatch(/\r\n0\r\n/);

  await client.call('AttachDisk', { vm_id: id, disk: { path, readonly: true } });
  expect(await client.call('StopVm', { id, timeout_seconds: 30 })).toMatchObject({ state: VmState.STOPPED, config: { disks: [{ path, readonly: true }] } });
  expect(await console.ended).toBe('OK OK');
  await client.call('DeleteVm', { id });
  expect(bridge.defects).toEqual([]);
}

if (insideNetNamespace) test('a disk is plugged, a NIC is plugged into a Linux guest through gRPC; both work and go', plugThroughGrpc, guestMs * 2);

nicCasesInNamespace(import.meta.path, { cases: 1, timeoutMs: 110_000, missing });
