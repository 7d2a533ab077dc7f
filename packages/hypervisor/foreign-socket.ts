import { existsSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';

/** Where a socket is that another daemon noted: there, or, where it noted it relative to its own folder or the data directory was moved, in the run directory. */
export function foreignSocket(runDir: string, noted: string): string {
  return isAbsolute(noted) && existsSync(noted) ? noted : join(runDir, basename(noted));
}
