// A checkout of its own for a test of `npm start`, as a fresh clone would be.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { deepTempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { root } from '../places.ts';

export type Started = {
  pid: number;
  /** stdout and stderr, as they came. */
  text(): string;
  until(what: string | RegExp): Promise<string>;
  ended(): Promise<number | NodeJS.Signals | null>;
};

export type Checkout = AsyncDisposable & {
  path: string;
  /** Runs a program in the checkout, or in a folder of it. */
  spawn(argv: string[], options?: { folder?: string; env?: Record<string, string> }): Started;
  /** Its end: status and everything it wrote. */
  run(argv: string[], options?: { folder?: string; env?: Record<string, string> }): Promise<{ status: number | NodeJS.Signals | null; text: string }>;
  /** The console of the only VM, as QEMU wrote it. */
  consoleLog(): string;
  hasPrinted(text: string): boolean;
  /** The pid in one of npm start's files; null where it is not there. */
  pidIn(file: 'agent.json' | 'holder.json' | 'start.lock'): number | null;
};

const patienceMs = 45_000;

/** Why there can be none here, for a skip; null where there can. */
export function noCheckout(): string | null {
  if (Bun.which('qemu-system-x86_64') === null) return 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)';
  return existsSync(join(root, '.git')) && Bun.which('git') !== null ? null : 'these sources are no git checkout';
}

/** The user `nobody`, for what an ordinary user may. */
export const nobody = 65_534;
export const asNobody = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', '--'];

/** Why nobody can have namespaces here, for a skip; null where they can. */
export function noUserNamespaces(): string | null {
  if (process.getuid?.() !== 0) return 'only root can become another user';
  return Bun.spawnSync([...asNobody, 'unshare', '-U', '-r', '-n', 'true'], { stderr: 'ignore' }).success
    ? null
    : 'an ordinary user may not make namespaces here';
}

/** fresh: without Bun, which `npm start` then installs. Disposing it proves that nothing runs in it any more, and removes it. */
export function makeCheckout({ fresh = false, pathLength }: { fresh?: boolean; pathLength?: number } = {}): Checkout {
  const dir = pathLength === undefined ? tempDir('start') : deepTempDir(pathLength, 'start');
  copySources(dir.path);
  if (!fresh) Bun.spawnSync(['cp', '-a', join(root, 'tools/node_modules'), dir.join('tools')]);
  const leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  const children: ChildProcess[] = [];

  const start: Checkout['spawn'] = ([program = '', ...argv], { folder = '.', env = {} } = {}) => {
    const child = spawn(program, argv, { cwd: dir.join(folder), stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    children.push(child);
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (part: string) => (text += part));
    const exited = once(child, 'exit');
    const closed = once(child, 'close');
    const isOver = () => child.exitCode !== null || child.signalCode !== null;
    return {
      pid: child.pid ?? 0,
      text: () => text,
      async until(what) {
        const has = () => (typeof what === 'string' ? text.includes(what) : what.test(text));
        try {
          await waitFor(`${program} to say ${what}`, () => has() || isOver(), { timeoutMs: patienceMs });
        } catch (error) {
          throw new Error(`${program} never said ${what}, but:\n${text}`, { cause: error });
        }
        if (!has()) throw new Error(`${program} ended without saying ${what}, but:\n${text}`);
        return text;
      },
      async ended() {
        await exited;
        // After kill -9 of npm others may still hold its pipes.
        if (child.signalCode === null) await closed;
        return child.exitCode ?? child.signalCode;
      },
    };
  };

  const consoleLog = (): string => {
    const vms = dir.join('tmp/data/vm');
    const logs = existsSync(vms) ? readdirSync(vms).map((id) => join(vms, id, 'console.log')) : [];
    return logs.map((log) => (existsSync(log) ? readFileSync(log, 'latin1') : '')).join('');
  };

  return {
    path: dir.path,
    consoleLog,
    hasPrinted: (text) => consoleLog().includes(text),
    spawn: start,
    async run(argv, options) {
      const started = start(argv, options);
      const status = await started.ended();
      return { status, text: started.text() };
    },
    pidIn(file) {
      const path = dir.join('tmp', file);
      const digits = existsSync(path) ? /(?:"pid":|^)(\d+)/.exec(readFileSync(path, 'utf8'))?.[1] : undefined;
      return digits === undefined ? null : Number(digits);
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      try {
        await leaks.check();
      } finally {
        dir[Symbol.dispose]();
      }
    },
  };
}

/** What git knows, and what it would take: as in the work tree. */
function copySources(target: string): void {
  const listed = Bun.spawnSync(['git', 'ls-files', '-co', '--exclude-standard', '-z'], { cwd: root });
  for (const file of listed.stdout.toString().split('\0')) {
    if (file === '' || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(target, file)), { recursive: true });
    cpSync(join(root, file), join(target, file));
  }
}
