import type { Counts, Failure } from './junit.ts';
import { maySkip } from './may-skip.ts';

const messageLines = 6;

/** The end of a run, a line each: what was skipped, what failed with the first lines of why, and last of all the counts. */
export function report(total: Counts & { unsteady?: Failure[] }, checksHold: boolean, inCi: boolean): { lines: string[]; success: boolean } {
  const lines = [checksHold ? 'checks: types, lint and arrows hold' : 'checks: FAILED, see above'];
  const failed = checksHold ? [...total.failed] : [{ test: 'checks', message: 'types, lint or arrows do not hold' }, ...total.failed];
  for (const name of total.skipped) {
    const why = maySkip(name);
    lines.push(`skipped: ${name} (${why ?? (inCi ? 'FAILED in CI: it may not be skipped' : 'it may not be skipped in CI')})`);
    // On a developer's machine a lack is told; where CI runs, everything else has to be there.
    if (why === null && inCi) failed.push({ test: name, message: 'it may not be skipped in CI' });
  }
  for (const { test, message } of total.unsteady ?? [])
    lines.push(`UNSTEADY, mend it (it failed, and passed when run again alone): ${test}`, ...firstLines(message));
  for (const { test, message } of failed) lines.push(`FAILED: ${test}`, ...firstLines(message));
  const passed = total.passed + (total.unsteady?.length ?? 0);
  lines.push(`${passed} passed, ${failed.length} failed`);
  return { lines, success: failed.length === 0 && passed > 0 };
}

const firstLines = (message: string): string[] =>
  message
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, messageLines)
    .map((line) => `    ${line}`);
