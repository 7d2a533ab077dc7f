import { spawnSync } from 'node:child_process';
import type { BuildInfo } from '@mvirt/domain';

/**
 * What is built in `folder`: its commit, and when that was made, or SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch/).
 * Nothing else may differ between two builds, so the clock is not asked. @throws Error where SOURCE_DATE_EPOCH is no time
 */
export function originOf(folder: string, env: Record<string, string | undefined>): Pick<BuildInfo, 'commit' | 'date'> & { seconds: number } {
  const git = (...argv: string[]): string | null => {
    const { status, stdout } = spawnSync('git', ['-C', folder, ...argv], { encoding: 'utf8' });
    return status === 0 ? stdout.trim() : null;
  };
  const commit = git('describe', '--always', '--dirty', '--abbrev=40', '--exclude=*');
  const given = env.SOURCE_DATE_EPOCH ?? git('log', '-1', '--format=%ct') ?? undefined;
  if (given === undefined) return { commit, date: null, seconds: 0 };
  const seconds = Number(given);
  if (!/^\d+$/.test(given) || seconds > 253_402_300_799) throw new Error(`SOURCE_DATE_EPOCH is ${given}: it must be seconds since 1970`);
  return { commit, date: new Date(seconds * 1000).toISOString().replace('.000Z', 'Z'), seconds };
}
