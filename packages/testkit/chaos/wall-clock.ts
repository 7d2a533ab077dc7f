import { renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TempDir } from '../temp-dir.ts';

/** The wall clock of agents that are run through it, which can be set while they run. */
export type WallClock = { readonly through: string[]; set(offMs: number): void };

export function wallClock(dir: TempDir): WallClock {
  const file = dir.join('clock');
  const set = (offMs: number): void => {
    writeFileSync(`${file}.new`, `${offMs}`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  const preload = fileURLToPath(new URL('shifted-clock.ts', import.meta.url));
  return { through: ['env', `MVIRT_TEST_CLOCK=${file}`, `BUN_OPTIONS=--preload=${preload}`], set };
}
