import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SeedInput, SeedProgram } from '@mvirt/cloud-init';
import { MvirtError, type VmSpec } from '@mvirt/domain';
import type { Host } from '@mvirt/host';

const imageName = 'cloudinit.img';
const filesName = 'cloudinit.d';
const packMs = 30_000;

/** A seed is made where there is something to say: user-data or ssh keys. */
export const needsSeed = (spec: VmSpec): boolean => spec.userData !== null || spec.sshKeys.length > 0;

/** Packs cloudinit.img into the run directory, in place of an earlier run's; readable by its owner alone. @throws PROGRAM_MISSING, PROGRAM_FAILED */
export async function makeSeed(host: Pick<Host, 'programs'>, runDir: string, input: SeedInput, signal: AbortSignal): Promise<{ path: string; remove(): void }> {
  // Loaded where it is wanted: it brings a YAML parser.
  const { seedArgv, seedFiles, seedPrograms } = await import('@mvirt/cloud-init');
  const program = findProgram(host, seedPrograms);
  const path = join(runDir, imageName);
  const directory = join(runDir, filesName);
  const remove = () => rmSync(path, { force: true });
  const clean = () => rmSync(directory, { recursive: true, force: true });
  remove();
  clean();
  try {
    mkdirSync(directory, { mode: 0o700 });
    for (const file of seedFiles(input)) writeFileSync(join(directory, file.name), file.content, { mode: 0o600, flag: 'wx' });
    for (const argv of seedArgv({ program, directory, output: path })) await host.programs.run(argv, { timeoutMs: packMs, signal });
    chmodSync(path, 0o600);
    return { path, remove };
  } catch (thrown) {
    remove();
    throw thrown;
  } finally {
    clean();
  }
}

function findProgram({ programs }: Pick<Host, 'programs'>, names: readonly SeedProgram[]): SeedProgram {
  const found = names.find((name) => programs.find(name) !== null);
  if (found) return found;
  throw new MvirtError({
    code: 'PROGRAM_MISSING',
    message: `none of ${names.join(', ')} is installed, and one is needed for user-data and ssh keys`,
    hint: 'install one: apt-get install genisoimage',
  });
}
