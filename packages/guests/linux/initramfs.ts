import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { MvirtError } from '@mvirt/domain';
import { type CpioEntry, cpioArchive } from './cpio.ts';
import { inLoadOrder, type KernelModule, moduleName } from './kernel-modules.ts';
import type { RunProgram } from './run-program.ts';
import { guestFiles, wantedModules } from './scripts.ts';
import { sshServerFiles } from './ssh-server.ts';

type Sources = { busyboxRoot: string; kernelRoot: string; sshRoots: readonly string[]; run: RunProgram; signal?: AbortSignal };
const unpackMs = 60_000;
const emptyFolders = ['dev', 'lib', 'mnt', 'proc', 'root', 'run', 'seed', 'sys', 'tmp'];

/** The guest's first filesystem: BusyBox, an SSH server, the modules of its kernel, our scripts. */
export async function buildInitramfs(sources: Sources): Promise<Uint8Array> {
  const busybox = await findBusybox(sources.busyboxRoot);
  const { stdout } = await sources.run([busybox, '--list'], { timeoutMs: unpackMs, ...(sources.signal && { signal: sources.signal }) });
  const applets = stdout.split('\n').filter((name) => name !== '' && name !== 'busybox' && !(`bin/${name}` in guestFiles));
  const modules = await readModules(sources);
  const files: [string, Uint8Array][] = [
    ['bin/busybox', await readFile(busybox)],
    ['etc/modules', Buffer.from(modules.map((module) => `${module.name}.ko\n`).join(''))],
    ...modules.map((module): [string, Uint8Array] => [`lib/modules/${module.name}.ko`, module.bytes]),
    ...(await sshServerFiles({ roots: sources.sshRoots, run: sources.run, ...(sources.signal && { signal: sources.signal }) })),
    ...Object.entries(guestFiles).map(([path, text]): [string, Uint8Array] => [path, Buffer.from(text)]),
  ];
  const folders = new Set([...emptyFolders, ...files.flatMap(([path]) => parents(path))]);
  return cpioArchive([
    ...[...folders].map((path): CpioEntry => ({ path, kind: 'directory', mode: 0o755, content: new Uint8Array() })),
    ...files.map(([path, content]): CpioEntry => ({ path, kind: 'file', mode: isProgram(path, content) ? 0o755 : 0o644, content })),
    ...applets.map((name): CpioEntry => ({ path: `bin/${name}`, kind: 'link', mode: 0o777, content: Buffer.from('busybox') })),
  ]);
}

const parents = (path: string): string[] => (dirname(path) === '.' ? [] : [...parents(dirname(path)), dirname(path)]);

/** Scripts, and what is not in a place of data. */
const isProgram = (path: string, content: Uint8Array): boolean =>
  /^(bin|lib64)\/|sftp-server$/.test(path) || Buffer.from(content.subarray(0, 2)).toString() === '#!';

async function findBusybox(root: string): Promise<string> {
  const found = (await readdir(root, { recursive: true })).find((path) => path === 'bin/busybox' || path === 'usr/bin/busybox');
  if (found === undefined)
    throw new MvirtError({ code: 'UNSUPPORTED', message: 'the Debian package busybox-static holds no bin/busybox', hint: 'report this release of Debian' });
  return join(root, found);
}

async function readModules({ kernelRoot, run, signal }: Sources): Promise<KernelModule[]> {
  const paths = new Map<string, string>();
  for (const path of (await readdir(kernelRoot, { recursive: true })).sort()) {
    const name = moduleName(path);
    if (name !== null) paths.set(name, join(kernelRoot, path));
  }
  return inLoadOrder(wantedModules, async (wanted) => {
    const name = wanted.replaceAll('-', '_');
    const path = paths.get(name);
    return path === undefined ? null : { name, bytes: await unpackedModule(path, run, signal) };
  });
}

async function unpackedModule(path: string, run: RunProgram, signal?: AbortSignal): Promise<Uint8Array> {
  if (path.endsWith('.xz')) {
    await run(['xz', '-d', basename(path)], { timeoutMs: unpackMs, cwd: dirname(path), ...(signal && { signal }) });
    return readFile(path.slice(0, -'.xz'.length));
  }
  const bytes = await readFile(path);
  if (path.endsWith('.gz')) return gunzipSync(bytes);
  if (path.endsWith('.zst')) return zstdDecompressSync(bytes);
  return bytes;
}
