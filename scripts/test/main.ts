// npm test: the checks, then every package's tests, one after another; the last line counts them.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Counts, countJunit } from './junit.ts';
import { maySkip } from './may-skip.ts';

const root = join(import.meta.dir, '../..');
const results = join(root, 'tmp/test-results');
const turbo = (tasks: string[], options: string[]): boolean =>
  Bun.spawnSync([join(root, 'node_modules/.bin/turbo'), 'run', ...tasks, '--log-order=grouped', ...options], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  }).success;

rmSync(results, { recursive: true, force: true });
const long = process.argv.includes('--long');
const checksHold = long || turbo(['check:types', 'check:lint', 'check:arrows'], ['--output-logs=errors-only']);
// One at a time: guests share two cores, and a test may look for what others have left.
const testsHold = turbo([long ? 'test:long' : 'test'], ['--concurrency=1', '--continue=always', '--output-logs=full', '--only']);

const total: Counts = { passed: 0, failed: 0, skipped: [] };
for (const file of existsSync(results) ? readdirSync(results) : []) {
  const counts = countJunit(readFileSync(join(results, file), 'utf8'));
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped.push(...counts.skipped.map((name) => `${file.replace(/\.xml$/, '')}/${name}`));
}
if (!checksHold) total.failed += 1;
// Such as a package whose tests could not even begin.
if (!testsHold && total.failed === 0) total.failed += 1;
console.log(checksHold ? 'checks: types, lint and arrows hold' : 'checks: FAILED, see above');
for (const name of total.skipped) {
  const why = maySkip(name);
  // On a developer's machine a lack is told; where CI runs, everything else has to be there.
  if (why === null && process.env.CI === 'true') total.failed += 1;
  console.log(`skipped: ${name}${why === null ? ' (FAILED in CI: it may not be skipped)' : ` (${why})`}`);
}
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
