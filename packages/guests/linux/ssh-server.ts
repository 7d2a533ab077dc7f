import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { RunProgram } from './run-program.ts';

/** Debian's smallest SSH server that lets in whoever needs no password, a server for scp, and the libraries of both. */
export const sshPackages = ['dropbear-bin', 'openssh-sftp-server', 'libc6', 'libcrypt1', 'libgmp10', 'libtomcrypt1', 'libtommath1', 'zlib1g'] as const;

/** Path in a package → path in the guest; dropbear looks for the last one there. */
const programs: Readonly<Record<string, string>> = {
  'usr/sbin/dropbear': 'bin/dropbear',
  'usr/bin/dropbearkey': 'bin/dropbearkey',
  'usr/lib/openssh/sftp-server': 'usr/lib/sftp-server',
};
const libraryFolders = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'];
const loader = 'ld-linux-x86-64.so.2';
const listMs = 60_000;

type Sources = { roots: readonly string[]; run: RunProgram; signal?: AbortSignal };

/** The SSH server's programs with every library that they load: path in the guest and content. @throws UNSUPPORTED where the packages lack one */
export async function sshServerFiles({ roots, run, signal }: Sources): Promise<[string, Uint8Array][]> {
  const find = (path: string): string => {
    const root = roots.find((candidate) => existsSync(join(candidate, path)));
    if (root === undefined) throw missing(path);
    return join(root, path);
  };
  const folders = roots.flatMap((root) => libraryFolders.map((folder) => join(root, folder))).filter(existsSync);
  const loaderPath = folders.map((folder) => join(folder, loader)).find(existsSync);
  if (loaderPath === undefined) throw missing(loader);
  const files = new Map<string, string>([[`lib64/${loader}`, loaderPath]]);
  for (const [path, place] of Object.entries(programs)) {
    const program = find(path);
    files.set(place, program);
    // The loader itself says what it would load (ld.so(8)); nothing of the program runs.
    const argv = [loaderPath, '--library-path', folders.join(':'), '--list', program];
    const { stdout } = await run(argv, { timeoutMs: listMs, ...(signal && { signal }) });
    for (const [, name = '', found = ''] of stdout.matchAll(/^\s*(\S+) => (.*?)(?: \(0x[0-9a-f]+\))?$/gm)) {
      if (basename(name) === loader) continue;
      if (!folders.some((folder) => found.startsWith(`${folder}/`))) throw missing(name);
      files.set(`lib/x86_64-linux-gnu/${name}`, found);
    }
  }
  return Promise.all([...files].map(async ([place, path]): Promise<[string, Uint8Array]> => [place, await readFile(path)]));
}

const missing = (what: string): MvirtError =>
  new MvirtError({
    code: 'UNSUPPORTED',
    message: `none of the Debian packages ${sshPackages.join(', ')} holds ${what}`,
    hint: 'report this release of Debian',
  });
