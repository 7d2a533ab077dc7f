// Runs one package's tests (the current folder) and leaves a JUnit file of them for main.ts to count.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { countJunit, runnerFailure } from './junit.ts';

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
  const ended = Bun.spawnSync(argv, { stdio: ['ignore', 'inherit', 'inherit'], env: process.env });
  const counted = existsSync(outfile) ? countJunit(readFileSync(outfile, 'utf8')) : null;
  // Also a runner that died, or an error outside of any test, is a failure that the last line counts.
  if (ended.exitCode !== 0 && !counted?.failed) writeFileSync(crashFile, runnerFailure(name));
  process.exit(ended.exitCode ?? 1);
}
