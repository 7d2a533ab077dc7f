// npm test: the checks, then every package's tests, one after another; the last line counts them.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Counts, countJunit } from './junit.ts';
import { report } from './report.ts';
import { secondTry } from './second-try.ts';

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

const total: Counts = { passed: 0, failed: [], skipped: [] };
for (const file of existsSync(results) ? readdirSync(results).sort() : []) {
  const counts = countJunit(readFileSync(join(results, file), 'utf8'));
  const named = (test: string): string => `${file.replace(/(\.crash)?\.xml$/, '')}/${test}`;
  total.passed += counts.passed;
  total.failed.push(...counts.failed.map(({ test, message }) => ({ test: named(test), message })));
  total.skipped.push(...counts.skipped.map(named));
}
// Such as a package whose tests could not even begin.
if (!testsHold && total.failed.length === 0) total.failed.push({ test: 'a package', message: 'its tests could not begin, see above' });
const { failed, unsteady } = long ? { failed: total.failed, unsteady: [] } : await secondTry(total.failed, runAlone);
const { lines, success } = report({ ...total, failed, unsteady }, checksHold, process.env.CI === 'true');
for (const line of lines) console.log(line);
process.exit(success ? 0 : 1);

/** A test file, as package/file: whether all of it holds when nothing else runs. */
function runAlone(named: string): boolean {
  const [name = '', ...file] = named.split('/');
  const cwd = ['apps', 'packages', '.'].map((folder) => join(root, folder, name)).find((folder) => existsSync(join(folder, 'package.json')));
  if (cwd === undefined) return false;
  console.log(`once more, alone: ${named}`);
  return Bun.spawnSync([process.execPath, 'test', '--timeout', '60000', `./${file.join('/')}`], { cwd, stdio: ['ignore', 'inherit', 'inherit'] }).success;
}
