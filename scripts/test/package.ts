// Runs one package's tests (the current folder) and leaves a JUnit file of them for main.ts to count.
import { mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const long = process.argv.includes('--long');
const pattern = long ? '**/*.long.test.{ts,tsx}' : '**/*.test.{ts,tsx}';
const files = [...new Bun.Glob(pattern).scanSync({ cwd: process.cwd() })]
  .filter((file) => !file.includes('node_modules/') && file.includes('.long.test.') === long)
  .sort();
const results = join(import.meta.dir, '../../tmp/test-results');
const outfile = join(results, `${basename(process.cwd())}.xml`);
mkdirSync(results, { recursive: true });
rmSync(outfile, { force: true });

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
  process.exit(ended.exitCode);
}
