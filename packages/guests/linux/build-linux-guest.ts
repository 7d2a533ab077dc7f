import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import { candidateOf, type DebianPackage, dependencyOf, downloadPackage, unpackPackage } from './debian-packages.ts';
import { buildInitramfs } from './initramfs.ts';
import type { RunProgram } from './run-program.ts';
import { guestCmdline, guestFiles, wantedModules } from './scripts.ts';
import { sshPackages } from './ssh-server.ts';
import { extractVmlinux } from './vmlinux.ts';

/** What a VM needs for a direct kernel boot; absolute paths. */
export type LinuxGuest = { kernel: string; initramfs: string; cmdline: string };

export type BuildLinuxGuest = {
  /** Made where missing; holds the guest and the downloaded packages. */
  cacheDir: string;
  run: RunProgram;
  /** Told in a line what takes time. */
  log?: (line: string) => void;
  signal?: AbortSignal;
};

/** Raised when a guest must be built anew though its scripts are the same. */
const recipeVersion = 2;
const kernelPackage = 'linux-image-cloud-amd64';
const partPrefix = '.part-';
const abandonedMs = 3_600_000;

/**
 * A small Linux guest (root shell on ttyS0, SSH where it has a NIC) from Debian's kernel, BusyBox and dropbear, which are unpacked and never installed; no root needed.
 * One that the cache has is answered at once, without asking apt. @throws PROGRAM_MISSING, PROGRAM_FAILED, UNSUPPORTED, CANCELLED.
 */
export async function buildLinuxGuest({ cacheDir, run, log, signal }: BuildLinuxGuest): Promise<LinuxGuest> {
  const done = join(cacheDir, `linux-guest-${recipeKey()}`);
  if (existsSync(done)) return guestIn(done);
  if (process.arch !== 'x64') throw new MvirtError({ code: 'UNSUPPORTED', message: `the small Linux guest is for x86-64, not ${process.arch}` });
  await mkdir(cacheDir, { recursive: true });
  await removeAbandoned(cacheDir);
  const deps = { run, ...(signal && { signal }) };
  const kernel = await candidateOf(await dependencyOf(kernelPackage, deps), deps);
  const busybox = await candidateOf('busybox-static', deps);
  const ssh = await Promise.all(sshPackages.map((name) => candidateOf(name, deps)));
  log?.(`downloading ${kernel.name}, ${busybox.name} and ${ssh[0]?.name} (about 32 MB, once)`);
  const download = (wanted: DebianPackage) => downloadPackage(wanted, join(cacheDir, 'packages'), deps);
  const kernelDeb = await download(kernel);
  const busyboxDeb = await download(busybox);
  const sshDebs = await Promise.all(ssh.map(download));
  log?.('building the small Linux guest');
  const part = await mkdtemp(join(cacheDir, partPrefix));
  try {
    const kernelRoot = await unpackPackage(kernelDeb, part, deps);
    const busyboxRoot = await unpackPackage(busyboxDeb, part, deps);
    const sshRoots = await Promise.all(sshDebs.map((deb) => unpackPackage(deb, part, deps)));
    const ready = join(part, 'guest');
    await mkdir(ready);
    await writeFile(join(ready, 'vmlinux'), await readVmlinux(kernelRoot, kernel.name));
    await writeFile(join(ready, 'initramfs.cpio'), await buildInitramfs({ ...deps, kernelRoot, busyboxRoot, sshRoots }));
    await writeFile(join(ready, 'packages.json'), `${JSON.stringify([kernel, busybox, ...ssh], null, 2)}\n`);
    stopIfCancelled(signal);
    await moveIntoPlace(ready, done);
  } finally {
    await rm(part, { recursive: true, force: true });
  }
  return guestIn(done);
}

const guestIn = (folder: string): LinuxGuest => ({ kernel: join(folder, 'vmlinux'), initramfs: join(folder, 'initramfs.cpio'), cmdline: guestCmdline });

function recipeKey(): string {
  return createHash('sha256')
    .update(JSON.stringify([recipeVersion, kernelPackage, sshPackages, wantedModules, guestFiles]))
    .digest('hex')
    .slice(0, 12);
}

async function readVmlinux(kernelRoot: string, name: string): Promise<Uint8Array> {
  const file = (await readdir(join(kernelRoot, 'boot'))).find((entry) => entry.startsWith('vmlinuz-'));
  if (file === undefined)
    throw new MvirtError({ code: 'UNSUPPORTED', message: `the Debian package ${name} holds no boot/vmlinuz`, hint: 'report this release of Debian' });
  return extractVmlinux(await readFile(join(kernelRoot, 'boot', file)), name);
}

/** Of two builds at once the first wins; both have built the same. */
async function moveIntoPlace(ready: string, done: string): Promise<void> {
  try {
    await rename(ready, done);
  } catch (error) {
    if (!existsSync(done)) throw error;
  }
}

/** Folders of builds that were killed. One that lives touches its folder within minutes. */
async function removeAbandoned(cacheDir: string): Promise<void> {
  for (const name of await readdir(cacheDir)) {
    if (!name.startsWith(partPrefix)) continue;
    const path = join(cacheDir, name);
    const changed = await stat(path).catch(() => null);
    if (changed !== null && Date.now() - changed.mtimeMs > abandonedMs) await rm(path, { recursive: true, force: true });
  }
}

function stopIfCancelled(signal?: AbortSignal): void {
  if (signal?.aborted) throw new MvirtError({ code: 'CANCELLED', message: 'the build of the Linux guest was cancelled', cause: signal.reason });
}
