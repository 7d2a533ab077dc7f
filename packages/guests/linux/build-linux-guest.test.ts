import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MvirtError } from '@mvirt/domain';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { buildLinuxGuest } from './build-linux-guest.ts';
import type { RunProgram } from './run-program.ts';

const elf = Buffer.from('\x7fELF the kernel', 'latin1');
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

function bzImage(): Buffer {
  const payload = gzipSync(elf);
  const image = Buffer.alloc(1024 + payload.length);
  image.write('HdrS', 0x202, 'latin1');
  image[0x1f1] = 1;
  image.writeUInt32LE(payload.length, 0x24c);
  payload.copy(image, 1024);
  return image;
}

const put = (root: string, files: Record<string, string | Buffer>): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
};

const loader = 'ld-linux-x86-64.so.2';

/** What the package of that name and version holds. */
function contentOf(name: string): Record<string, string | Buffer> {
  if (name.startsWith('linux-image'))
    return { 'boot/vmlinuz-9': bzImage(), 'lib/modules/9/kernel/virtio-blk.ko': '\0depends=virtio\0', 'lib/modules/9/kernel/virtio.ko': 'm' };
  if (name.startsWith('busybox')) return { 'bin/busybox': 'bb' };
  if (name.startsWith('dropbear')) return { 'usr/sbin/dropbear': 'the server', 'usr/bin/dropbearkey': 'its keys' };
  if (name.startsWith('openssh')) return { 'usr/lib/openssh/sftp-server': 'for scp' };
  if (name.startsWith('libc6')) return { [`lib/x86_64-linux-gnu/${loader}`]: 'ld', 'lib/x86_64-linux-gnu/libc.so.6': 'the library' };
  return { 'usr/share/doc': '' };
}

/** apt and dpkg of a small Debian archive; `calls` tells what was run. */
function archive(change: { lists?: boolean; damaged?: boolean; failDownload?: boolean; noLibc?: boolean } = {}): { run: RunProgram; calls: string[] } {
  const calls: string[] = [];
  const run: RunProgram = async (argv, { cwd = '', signal }) => {
    const [program = '', ...args] = argv;
    calls.push([program.split('/').at(-1), ...args.slice(0, 2)].join(' '));
    signal?.throwIfAborted();
    const last = args.at(-1) ?? '';
    const failed = (message: string) => new MvirtError({ code: 'PROGRAM_FAILED', message });
    let stdout = '';
    if (program === 'apt-cache') {
      if (change.lists === false) throw failed('apt-cache failed: E: No packages found');
      const depends = last === 'linux-image-cloud-amd64' ? 'Depends: linux-image-9-cloud-amd64 (= 9.1), other\n' : '';
      stdout = `Package: ${last}\nVersion: 9.1\n${depends}Description: text\n more text\nSHA256: ${sha256(`${last}=9.1`)}\n\nPackage: old\nVersion: 1\n`;
    } else if (program === 'apt-get') {
      if (change.failDownload) throw failed('apt-get failed: E: no route');
      put(cwd, { [`${last.split('=')[0]}_9%3a1.deb`]: change.damaged ? 'half' : last });
    } else if (program === 'dpkg-deb') {
      put(last, contentOf(readFileSync(args[1] ?? '', 'utf8')));
    } else if (program.endsWith(loader)) {
      const folder = args[1]?.split(':').find((path) => existsSync(join(path, 'libc.so.6')));
      stdout = `\tlinux-vdso.so.1 (0x00007ffd)\n\tlibc.so.6 => ${change.noLibc ? 'not found' : `${folder}/libc.so.6 (0x00007f00)`}\n\t/lib64/${loader} => ${program} (0x00007f01)\n`;
    } else {
      stdout = '[\nbusybox\nls\n';
    }
    return { stdout, stderr: '' };
  };
  return { run, calls };
}

test('the guest is built once, and answered from the cache without any program', async () => {
  using dir = tempDir('guest');
  const { run, calls } = archive();
  const lines: string[] = [];
  const guest = await buildLinuxGuest({ cacheDir: dir.path, run, log: (line) => lines.push(line) });
  expect(readFileSync(guest.kernel).equals(elf)).toBe(true);
  const cpio = readFileSync(guest.initramfs, 'latin1');
  for (const text of [
    'virtio.ko\nvirtio_blk.ko\n',
    'bin/ls\0',
    'bin/busybox\0',
    'init\0',
    'TINY-READY',
    'bin/dropbear\0',
    'usr/lib/sftp-server\0',
    'lib/x86_64-linux-gnu/libc.so.6\0',
    `lib64/${loader}\0`,
  ])
    expect(cpio).toContain(text);
  expect(guest.cmdline).toContain('console=ttyS0');
  expect(lines[0]).toContain('linux-image-9-cloud-amd64');
  const before = calls.length;
  expect(await buildLinuxGuest({ cacheDir: dir.path, run })).toEqual(guest);
  expect(calls.length).toBe(before);
  expect(readdirSync(dir.path).filter((name) => name.startsWith('.part-'))).toEqual([]);
});

test('two folders get the same bytes; two builds at once both end well', async () => {
  using dir = tempDir('guest');
  const { run } = archive();
  const build = (name: string) => buildLinuxGuest({ cacheDir: dir.join(name), run });
  const [one, again, other] = await Promise.all([build('a'), build('a'), build('b')]);
  expect(one).toEqual(again);
  expect(readFileSync(one.initramfs).equals(readFileSync(other.initramfs))).toBe(true);
  for (const name of ['a', 'b']) expect(readdirSync(dir.join(name)).filter((entry) => entry.startsWith('.part-'))).toEqual([]);
});

test('what was downloaded is kept: a build that failed later goes on from there', async () => {
  using dir = tempDir('guest');
  const { run, calls } = archive();
  const noUnpack: RunProgram = async (argv, options) => {
    if (argv[0] === 'dpkg-deb') throw new MvirtError({ code: 'PROGRAM_MISSING', message: 'the program dpkg-deb is missing' });
    return run(argv, options);
  };
  await expect(buildLinuxGuest({ cacheDir: dir.path, run: noUnpack })).rejects.toMatchObject({ code: 'PROGRAM_MISSING' });
  expect(readdirSync(dir.path)).toEqual(['packages']);
  const before = calls.length;
  await buildLinuxGuest({ cacheDir: dir.path, run });
  expect(calls.slice(before).filter((call) => call.startsWith('apt-get'))).toEqual([]);
});

test('empty apt lists: the hint says what to run', async () => {
  using dir = tempDir('guest');
  const failed = buildLinuxGuest({ cacheDir: dir.path, run: archive({ lists: false }).run });
  await expect(failed).rejects.toMatchObject({ message: 'apt knows no package linux-image-cloud-amd64 to download', hint: 'run as root: apt-get update' });
});

test('a download that fails, or is not what was promised, leaves nothing', async () => {
  using dir = tempDir('guest');
  const failed = buildLinuxGuest({ cacheDir: dir.path, run: archive({ failDownload: true }).run });
  await expect(failed).rejects.toThrow('the Debian package linux-image-9-cloud-amd64 9.1 cannot be downloaded: apt-get failed: E: no route');
  await expect(buildLinuxGuest({ cacheDir: dir.path, run: archive({ damaged: true }).run })).rejects.toThrow('not what apt');
  expect(readdirSync(dir.join('packages'))).toEqual([]);
});

test('a library that no package has is named', async () => {
  using dir = tempDir('guest');
  const failed = buildLinuxGuest({ cacheDir: dir.path, run: archive({ noLibc: true }).run });
  await expect(failed).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(/^none of the Debian packages dropbear-bin, .* holds libc\.so\.6$/),
  });
});

test('a build that is cancelled leaves nothing but its downloads', async () => {
  using dir = tempDir('guest');
  const cancel = new AbortController();
  const { run } = archive();
  const cancelling: RunProgram = async (argv, options) => {
    if (argv[1] === '--list') cancel.abort(new Error('enough'));
    const { signal: _, ...rest } = options;
    return run(argv, rest);
  };
  await expect(buildLinuxGuest({ cacheDir: dir.path, run: cancelling, signal: cancel.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(readdirSync(dir.path)).toEqual(['packages']);
});

test('folders of builds that were killed long ago are removed, those of live ones are not', async () => {
  using dir = tempDir('guest');
  mkdirSync(dir.join('.part-old'));
  utimesSync(dir.join('.part-old'), 1000, 1000);
  mkdirSync(dir.join('.part-live'));
  await buildLinuxGuest({ cacheDir: dir.path, run: archive().run });
  expect(readdirSync(dir.path).filter((name) => name.startsWith('.part-'))).toEqual(['.part-live']);
});
