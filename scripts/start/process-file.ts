// A file that names a process so that it cannot be mistaken for another one.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ProcessIdentity } from '@mvirt/domain';
import type { Processes } from '@mvirt/host';

export interface ProcessFile {
  /** The living process that the file names; null where there is none. */
  read(): ProcessIdentity | null;
  write(process: ProcessIdentity): void;
  remove(): void;
  /** Writes it, unless it names a living process already: then answers with that one. */
  claim(process: ProcessIdentity): ProcessIdentity | null;
}

export function createProcessFile(path: string, processes: Processes): ProcessFile {
  const read = (): ProcessIdentity | null => {
    try {
      const named = JSON.parse(readFileSync(path, 'utf8')) as ProcessIdentity;
      return processes.isAlive(named) ? named : null;
    } catch {
      return null; // missing, or half-written by a process that died: names nobody
    }
  };
  const write = (process: ProcessIdentity, flag = 'w') => writeFileSync(path, JSON.stringify(process), { flag });
  const remove = () => rmSync(path, { force: true });
  const claim = (process: ProcessIdentity): ProcessIdentity | null => {
    for (let turn = 0; turn < 2; turn += 1) {
      try {
        write(process, 'wx');
        return null;
      } catch {
        const other = read(); // it exists: living, or a dead one's
        if (other !== null) return other;
        remove();
      }
    }
    return read();
  };
  return { read, write, remove, claim };
}
