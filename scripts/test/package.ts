// Runs one package's tests (the current folder) and leaves a JUnit file of them for main.ts to count.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { countJunit, runnerFailure } from './junit.ts';
import { pumped } from './pumped.ts';

const long = process.argv.includes('--long');
const pattern = long ? '**/*.long.test.{ts,tsx}' : '**/*.test.{ts,tsx}';
const files = [...new Bun.Glob(pattern).scanSync({ cwd: process.cwd() })]
  .filter((file) => !file.includes('node_modules/') && file.includes('.long.test.') === long)
  .sort();
const results = join(import.meta.dir, '../../tmp/test-results');
const name = basename(process.cwd());
const outfile = join(results, `${name}.xml`);
const crashFile = join(results, `${name}.crash.xml`);
mkdirSync(results, { recursive: true });
for (const file of [outfile, crashFile]) rmSync(file, { force: true });

if (files.length > 0) {
  const timeoutMs = long ? 1_800_000 : 60_000;
  const argv = [
    process.execPath,
    'test',
    '--timeout',
    `${timeoutMs}`,
    '--reporter=junit',
    `--reporter-outfile=${outfile}`,
    ...files.map((file) => `./${file}`),
  ];
  const ended = await pumped(
    argv,
    (bytes) => Bun.write(Bun.stdout, bytes),
    (bytes) => Bun.write(Bun.stderr, bytes),
  );
  const counted = existsSync(outfile) ? countJunit(readFileSync(outfile, 'utf8')) : null;
  // Also a runner that died, an error outside of any test, or a process that a test left, is a failure that the last line counts.
  const left = ended.left.map(({ pid, argv }) => `left behind by a test, and killed: ${argv} (pid ${pid})`);
  for (const line of left) console.error(line);
  const noted = counted !== null && counted.failed.length > 0;
  if (left.length > 0 || (ended.exitCode !== 0 && !noted)) writeFileSync(crashFile, runnerFailure(name, left.join('\n')));
  process.exit(ended.exitCode === 0 && left.length > 0 ? 1 : ended.exitCode);
}
