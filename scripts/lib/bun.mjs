// Bun and the dependencies: from npm into tools/, then by Bun's own lock file.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Bun's program. tools/ holds nothing else: `npm ci` cannot be used on the workspace itself (docs/adr/0002-bun-through-npm.md). */
export const bun = join(root, 'tools/node_modules/.bin/bun');

/** PATH with Bun first, for tools that look for it. */
export const bunEnv = () => ({ ...process.env, PATH: `${dirname(bun)}:${join(root, 'node_modules/.bin')}:${process.env.PATH}` });

const bunVersion = () => {
  const answer = existsSync(bun) ? spawnSync(bun, ['--version'], { encoding: 'utf8' }) : null;
  return answer?.status === 0 ? answer.stdout.trim() : null;
};

/** Installs what package.json pins; does nothing where that has been done. */
export function ensureBun(log) {
  const wanted = JSON.parse(readFileSync(join(root, 'tools/package.json'), 'utf8')).dependencies.bun;
  if (bunVersion() !== wanted) {
    log(`installing Bun ${wanted}`);
    must('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], join(root, 'tools'));
    // With install scripts switched off, the package's own step has not run yet.
    if (bunVersion() !== wanted) must(process.execPath, ['install.js'], join(root, 'tools/node_modules/bun'));
  }
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'bun.lock')))
    .digest('hex');
  const stamp = join(root, 'node_modules/.mvirt-lock');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return;
  log('installing the dependencies');
  must(bun, ['install', '--frozen-lockfile', '--silent'], root);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

function must(program, argv, cwd) {
  const ended = spawnSync(program, argv, { cwd, stdio: ['ignore', 2, 2], env: bunEnv() });
  if (ended.status === 0) return;
  console.error(`mvirt: ${program} ${argv.join(' ')} failed${ended.error ? `: ${ended.error.message}` : ''}`);
  process.exit(1);
}

/** Runs a program in this one's place: its terminal, its signals, its exit status. */
export function become(argv, options = {}) {
  const [program, ...rest] = argv;
  const child = spawn(program, rest, { cwd: root, stdio: 'inherit', env: bunEnv(), ...options });
  const onTerminal = process.stdin.isTTY === true;
  process.on('SIGINT', () => {
    if (!onTerminal) child.kill('SIGINT'); // the terminal sends it to the child as well
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm itself was killed: nobody is left who would end us.
  const parent = process.ppid;
  setInterval(() => process.ppid === parent || child.kill('SIGHUP'), 1000).unref();
  child.on('error', (error) => {
    console.error(`mvirt: ${program}: ${error.message}`);
    process.exit(1);
  });
  child.on('exit', (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
}
