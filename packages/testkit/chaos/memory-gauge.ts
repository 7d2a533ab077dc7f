import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TempDir } from '../temp-dir.ts';
import { waitFor } from '../wait-for.ts';

/** What an agent has in memory once its garbage is collected; it is run through this. */
export type MemoryGauge = { readonly through: string[]; read(pid: number): Promise<number> };

export function memoryGauge(dir: TempDir): MemoryGauge {
  const file = dir.join('memory');
  const preload = fileURLToPath(new URL('measured-memory.ts', import.meta.url));
  let round = 0;
  return {
    through: ['env', `MVIRT_TEST_MEMORY=${file}`, `BUN_OPTIONS=--preload=${preload}`],
    async read(pid) {
      round += 1;
      process.kill(pid, 'SIGUSR2');
      return await waitFor('the agent to measure its memory', () => {
        const [told, bytes] = existsSync(file) ? readFileSync(file, 'utf8').split(' ') : [];
        return told === `${round}` ? Number(bytes) : null;
      });
    },
  };
}
