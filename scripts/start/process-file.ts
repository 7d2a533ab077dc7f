// A file that names a process so that it cannot be mistaken for another one.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { ProcessIdentity } from '@mvirt/domain';
import type { Processes } from '@mvirt/host';

export interface ProcessFile {
  /** The living process that the file names; null where there is none. */
  read(): ProcessIdentity | null;
  write(process: ProcessIdentity): void;
  remove(): void;
}

export function createProcessFile(path: string, processes: Pick<Processes, 'isAlive'>): ProcessFile {
  return {
    read() {
      try {
        const named = JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
        return processes.isAlive(named) ? named : null;
      } catch {
        return null; // missing, or another program's: names nobody
      }
    },
    write(process) {
      writeFileSync(`${path}.part`, JSON.stringify(process), { mode: 0o600 });
      renameSync(`${path}.part`, path);
    },
    remove: () => rmSync(path, { force: true }),
  };
}
