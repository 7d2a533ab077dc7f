import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { RunProgram } from './run-program.ts';

export type DebianPackage = { name: string; version: string; sha256: string };

type Deps = { run: RunProgram; signal?: AbortSignal };
const quickMs = 60_000;
const downloadMs = 900_000;
const refresh = 'run as root: apt-get update';

/** The package that a metapackage stands for: its first dependency. */
export async function dependencyOf(metapackage: string, deps: Deps): Promise<string> {
  const depends = (await record(metapackage, deps)).get('Depends');
  const name = depends?.split(/[\s,|(]/)[0];
  if (!name) throw new MvirtError({ code: 'PROGRAM_FAILED', message: `the Debian package ${metapackage} depends on nothing`, hint: refresh });
  return name;
}

/** What apt would install under this name. @throws PROGRAM_FAILED where apt does not know it. */
export async function candidateOf(name: string, deps: Deps): Promise<DebianPackage> {
  const fields = await record(name, deps);
  const version = fields.get('Version');
  const sha256 = fields.get('SHA256');
  // A package that is installed and in no list has no checksum: it cannot be downloaded.
  if (!version || !sha256) throw unknown(name);
  return { name, version, sha256 };
}

/** The package's file in `folder`, downloaded where it is not there yet, its checksum compared. */
export async function downloadPackage(wanted: DebianPackage, folder: string, deps: Deps): Promise<string> {
  const target = join(folder, `${wanted.name}-${wanted.sha256.slice(0, 16)}.deb`);
  if ((await sha256Of(target)) === wanted.sha256) return target;
  await mkdir(folder, { recursive: true });
  const part = await mkdtemp(join(folder, '.part-'));
  try {
    // As root, apt would drop to a user who cannot write here.
    const argv = ['apt-get', '-q', '-o', 'APT::Sandbox::User=root', 'download', `${wanted.name}=${wanted.version}`];
    await deps.run(argv, { timeoutMs: downloadMs, cwd: part, ...(deps.signal && { signal: deps.signal }) }).catch((cause: unknown) => {
      if (!(cause instanceof MvirtError) || cause.code !== 'PROGRAM_FAILED') throw cause;
      const message = `the Debian package ${wanted.name} ${wanted.version} cannot be downloaded: ${cause.message}`;
      throw new MvirtError({ code: 'PROGRAM_FAILED', message, hint: `check the network; if the package is gone from the archive, ${refresh}`, cause });
    });
    const file = (await readdir(part)).find((name) => name.endsWith('.deb'));
    if (file === undefined || (await sha256Of(join(part, file))) !== wanted.sha256) {
      throw new MvirtError({ code: 'PROGRAM_FAILED', message: `the download of ${wanted.name} is not what apt's lists say`, hint: refresh });
    }
    await rename(join(part, file), target);
    return target;
  } finally {
    await rm(part, { recursive: true, force: true });
  }
}

/** Unpacks a package into a new folder beside it; nothing is installed and none of its scripts run. */
export async function unpackPackage(deb: string, into: string, deps: Deps): Promise<string> {
  const folder = join(into, `unpacked-${randomUUID()}`);
  await deps.run(['dpkg-deb', '-x', deb, folder], { timeoutMs: downloadMs, ...(deps.signal && { signal: deps.signal }) });
  return folder;
}

async function record(name: string, deps: Deps): Promise<Map<string, string>> {
  const argv = ['apt-cache', '--no-all-versions', 'show', name];
  const { stdout } = await deps.run(argv, { timeoutMs: quickMs, ...(deps.signal && { signal: deps.signal }) }).catch((cause: unknown) => {
    throw cause instanceof MvirtError && cause.code === 'PROGRAM_FAILED' ? unknown(name, cause) : cause;
  });
  const fields = stdout.split('\n\n')[0]?.matchAll(/^([A-Za-z0-9-]+): (.*)$/gm) ?? [];
  return new Map([...fields].map(([, key = '', value = '']) => [key, value]));
}

function unknown(name: string, cause?: unknown): MvirtError {
  return new MvirtError({ code: 'PROGRAM_FAILED', message: `apt knows no package ${name} to download`, hint: refresh, cause });
}

async function sha256Of(path: string): Promise<string | null> {
  try {
    return createHash('sha256')
      .update(await readFile(path))
      .digest('hex');
  } catch {
    // Not there: it is downloaded.
    return null;
  }
}
