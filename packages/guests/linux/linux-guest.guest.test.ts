import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { linuxGuest } from '@mvirt/testkit/linux-guest';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const qemu = Bun.which('qemu-system-x86_64');
const { guest, missing } = await linuxGuest();
const lacking = qemu === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : missing;
if (lacking !== null) console.log(`skip: ${lacking}`);
const bootMs = 50_000;

type Boot = AsyncDisposable & {
  /** All that the serial line has said. */
  output(): string;
  type(text: string): void;
  qmp(execute: string, args?: object): void;
  /** All that QMP has said, by line. */
  replies: string[];
  ended(): boolean;
};

async function boot(directory: string, extra: string[]): Promise<Boot> {
  if (qemu === null || guest === null) throw new Error('skipped');
  const socketPath = `${directory}/qmp.sock`;
  const child = spawn(
    qemu,
    [
      ...['-M', 'q35', '-accel', 'tcg', '-cpu', 'max', '-smp', '1', '-m', '256', '-display', 'none', '-nodefaults', '-serial', 'stdio', '-no-reboot'],
      ...['-kernel', guest.kernel, '-initrd', guest.initramfs, '-append', guest.cmdline, '-qmp', `unix:${socketPath},server=on,wait=off`, ...extra],
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  // One that could not be talked to is not left behind.
  using undo = new DisposableStack();
  undo.defer(() => void child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('latin1');
  });
  // The socket is there a moment before QEMU listens on it.
  const socket = await waitFor('QMP to answer', () => connected(socketPath), { timeoutMs: bootMs });
  // QEMU may end the link with a reset when it exits; its exit is what is looked at.
  socket.on('error', () => undefined);
  const replies: string[] = [];
  createInterface({ input: socket }).on('line', (line) => replies.push(line));
  const qmp = (execute: string, args: object = {}): void => void socket.write(`${JSON.stringify({ execute, arguments: args })}\n`);
  qmp('qmp_capabilities');
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  undo.move();
  return {
    output: () => output,
    type: (text) => void child.stdin.write(text),
    qmp,
    replies,
    ended,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      child.kill('SIGKILL');
      await waitFor('QEMU to end', ended);
    },
  };
}

async function connected(socketPath: string): Promise<Socket | null> {
  const socket = connect(socketPath);
  try {
    await once(socket, 'connect');
    return socket;
  } catch {
    socket.destroy();
    return null; // asked again
  }
}

test.skipIf(lacking !== null)(
  'it boots without a DHCP server, takes commands, sees a disk and a NIC come and go, and hears the power button',
  async () => {
    using dir = tempDir('guest');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    writeFileSync(dir.join('disk.raw'), Buffer.alloc(1 << 20));
    await using vm = await boot(dir.path, [
      ...['-netdev', 'hubport,id=n0,hubid=0', '-device', 'virtio-net-pci,romfile=,netdev=n0'],
      ...['-device', 'pcie-root-port,id=rp0,chassis=1', '-device', 'pcie-root-port,id=rp1,chassis=2'],
    ]);
    await waitFor('the guest to be ready', () => vm.output().includes('TINY-READY host=mvirt') || vm.ended(), { timeoutMs: bootMs });
    expect(vm.output()).toMatch(/TINY-INIT uptime=[\d.]+\r\n/);
    await waitFor('the shell', () => vm.output().includes('mvirt:/# '), { timeoutMs: bootMs });
    vm.type('uptime\n');
    await waitFor('the answer of uptime', () => / up \d+ min/.test(vm.output()), { timeoutMs: bootMs });
    vm.type('sh -c "echo begun-\\$((1+1)); exec sleep 1000"\n');
    await waitFor('a program to begin', () => vm.output().includes('begun-2'), { timeoutMs: bootMs });
    const prompts = () => vm.output().split('mvirt:/# ').length;
    const before = prompts();
    vm.type('\x03'); // the line forgets what is typed together with it
    await waitFor('the shell again', () => prompts() > before, { timeoutMs: bootMs });
    vm.type('echo status=$?\n');
    await waitFor('Ctrl-C to end a program', () => vm.output().includes('status=130'), { timeoutMs: bootMs });

    vm.qmp('blockdev-add', { driver: 'raw', 'node-name': 'd0', file: { driver: 'file', filename: dir.join('disk.raw') } });
    vm.qmp('device_add', { driver: 'virtio-blk-pci', id: 'disk0', drive: 'd0', bus: 'rp0' });
    vm.qmp('netdev_add', { type: 'hubport', id: 'n1', hubid: 0 });
    vm.qmp('device_add', { driver: 'virtio-net-pci', id: 'nic1', netdev: 'n1', bus: 'rp1', romfile: '' });
    await waitFor('the disk', () => vm.output().includes('TINY-HOTPLUG add vda'), { timeoutMs: bootMs });
    await waitFor('the NIC', () => vm.output().includes('TINY-HOTPLUG add eth1'), { timeoutMs: bootMs });
    vm.qmp('device_del', { id: 'disk0' });
    vm.qmp('device_del', { id: 'nic1' });
    const removed = (id: string) => vm.replies.some((line) => line.includes('DEVICE_DELETED') && line.includes(`"device": "${id}"`));
    await waitFor('the guest to give the disk back', () => removed('disk0'), { timeoutMs: bootMs });
    await waitFor('the guest to give the NIC back', () => removed('nic1'), { timeoutMs: bootMs });

    vm.qmp('system_powerdown');
    await waitFor('QEMU to end', vm.ended, { timeoutMs: bootMs });
    expect(vm.output()).toContain('TINY-POWEROFF');
    expect(vm.replies.some((line) => line.includes('guest-shutdown'))).toBe(true);
  },
  60_000,
);

const packer = Bun.which('genisoimage');
const noSeed = lacking ?? (packer === null ? 'genisoimage is missing (Debian package genisoimage)' : null);
if (noSeed !== null && lacking === null) console.log(`skip: ${noSeed}`);

test.skipIf(noSeed !== null)(
  'it takes its name and a script from a NoCloud seed, an address from DHCP, and hears poweroff at its prompt',
  async () => {
    using dir = tempDir('guest');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    mkdirSync(dir.join('seed'));
    writeFileSync(dir.join('seed/meta-data'), 'instance-id: i\nlocal-hostname: "web1"\n');
    writeFileSync(dir.join('seed/user-data'), '#!/bin/sh\necho script-ran\n');
    Bun.spawnSync(['genisoimage', '-quiet', '-output', dir.join('s.iso'), '-volid', 'cidata', '-joliet', '-rock', dir.join('seed')]);
    await using vm = await boot(dir.path, [
      ...['-netdev', 'user,id=n0,restrict=on', '-device', 'virtio-net-pci,romfile=,netdev=n0'],
      ...['-blockdev', `raw,node-name=s,read-only=on,file.driver=file,file.filename=${dir.join('s.iso')}`, '-device', 'virtio-blk-pci,drive=s'],
    ]);
    await waitFor('the guest to be ready', () => vm.output().includes('TINY-READY host=web1') || vm.ended(), { timeoutMs: bootMs });
    expect(vm.output()).toContain('TINY-SEED vda iso9660');
    expect(vm.output()).toContain('script-ran\r\nTINY-USERDATA rc=0');
    await waitFor('an address', () => vm.output().includes('TINY-IP eth0 10.0.2.15/24'), { timeoutMs: bootMs });
    vm.type('poweroff\n');
    await waitFor('QEMU to end', vm.ended, { timeoutMs: bootMs });
    expect(vm.replies.some((line) => line.includes('guest-shutdown'))).toBe(true);
  },
  60_000,
);
