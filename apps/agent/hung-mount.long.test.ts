import { expect, test } from 'bun:test';
import { fileURLToPath } from 'node:url';
import { createLinuxHost } from '@mvirt/host/linux';
import { inMountNamespace, lackingMountNamespace } from '@mvirt/testkit/mount-namespace';
import { tempDir } from '@mvirt/testkit/temp-dir';

const fuse = 'exec 3<>/dev/fuse; mount -i -t fuse -o fd=3,rootmode=40000,user_id=0,group_id=0 hung /mnt';
const missing =
  lackingMountNamespace() ??
  (inMountNamespace(fuse).status === 0 ? null : 'no FUSE filesystem can be mounted (/dev/fuse, as root)') ??
  (createLinuxHost().programs.find('qemu-system-x86_64') === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : null);
if (missing !== null) console.log(`skipped: a filesystem that does not answer: ${missing}`);

test.skipIf(missing !== null)(
  'a filesystem that does not answer holds up nobody: what names it is refused in time, all else goes on, and a running VM on it is found again and killed',
  () => {
    using dir = tempDir('hung-mount');
    const ran = inMountNamespace('exec timeout 50 "$@"', process.execPath, fileURLToPath(import.meta.resolve('@mvirt/testkit/hung-mount')), dir.path);
    expect({ status: ran.status, stderr: ran.stderr }).toEqual({ status: 0, stderr: '' });
    const late = (path: string) => ({ code: 'TIMEOUT', message: expect.stringContaining(`${dir.path}/${path}: its filesystem has not answered for 3 s`) });
    expect(JSON.parse(ran.stdout)).toEqual({
      'create meanwhile': 'done',
      'list meanwhile': 3,
      create: Array(6).fill(late('gone/disk.raw')),
      attach: late('gone/disk.raw'),
      start: late('gone/disk.raw'),
      folder: late('gone'),
      died: 'SIGKILL',
      recovered: 'running',
      rival: late('live/disk.raw'),
      killed: 'stopped',
      ended: 0,
    });
  },
  90_000,
);
