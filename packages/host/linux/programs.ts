import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { Programs, RunOptions } from '../programs.ts';
import { capability, effectiveCapabilities } from './capabilities.ts';
import { debianPackageOf } from './debian-packages.ts';

const maxOutputBytes = 8 * 1024 * 1024;
/** How long output may go on after the program has ended: a daemon that it left behind may hold the pipes open. */
const drainMs = 250;
const systemFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** `searchPath` is the PATH to look in; the system's own folders come after it. */
export function createPrograms(searchPath = process.env.PATH ?? ''): Programs {
  const found = new Map<string, string>();
  const folders = [...new Set([...searchPath.split(delimiter).filter(isAbsolute), ...systemFolders])];

  const find = (name: string): string | null => {
    const known = found.get(name);
    if (known !== undefined) return known;
    const candidates = isAbsolute(name) ? [name] : folders.map((folder) => join(folder, name));
    const path = candidates.find(isProgram) ?? null;
    if (path !== null) found.set(name, path);
    return path;
  };

  return {
    find,
    async run(argv, options) {
      const [name = '', ...args] = argv;
      const path = find(name) ?? missing(name);
      if (!options.confined) return runProgram(name, path, args, options);
      return runProgram(name, find('setpriv') ?? missing('setpriv'), [...withoutRights(), path, ...args], options, [name, ...args]);
    },
  };
}

/** @throws PROGRAM_MISSING naming the Debian package. */
export function missing(name: string): never {
  if (isAbsolute(name)) throw new MvirtError({ code: 'PROGRAM_MISSING', message: `${name} is missing or no program`, hint: 'check the path' });
  const debianPackage = debianPackageOf(name);
  throw new MvirtError({
    code: 'PROGRAM_MISSING',
    message: `${name} is not installed (Debian package ${debianPackage})`,
    hint: `apt-get install --no-install-recommends ${debianPackage}`,
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // not there, or not for us: the same to a search
  }
}

/** Of a setpriv that leaves nothing. An agent that may not change its bounding set still hands nothing on. */
function withoutRights(): string[] {
  const bounding = effectiveCapabilities().has(capability.setPcap) ? ['--bounding-set=-all'] : [];
  return ['--no-new-privs', ...bounding, '--inh-caps=-all', '--ambient-caps=-all', '--'];
}

type Answer = { stdout: string; stderr: string };

/** known: the command as people know it. */
async function runProgram(name: string, path: string, args: string[], options: RunOptions, known = [name, ...args]): Promise<Answer> {
  const shown = known.join(' ');
  const fail = (code: 'TIMEOUT' | 'CANCELLED' | 'PROGRAM_FAILED' | 'DISK_FULL', why: string, cause?: unknown) =>
    new MvirtError({ code, message: `${shown}: ${why}`, ...(cause === undefined ? {} : { cause }) });
  if (options.signal?.aborted) throw fail('CANCELLED', 'not run, the caller has gone', options.signal.reason);

  // A session of its own: the terminal's Ctrl-C does not reach it, and its children end with it.
  const inputFile = options.inputFile === undefined ? null : openSync(options.inputFile, 'r');
  const child = spawn(path, args, {
    cwd: options.cwd,
    detached: true,
    env: { ...process.env, LC_ALL: 'C' },
    stdio: [inputFile ?? (options.input === undefined ? 'ignore' : 'pipe'), 'pipe', 'pipe'],
  });
  if (inputFile !== null) closeSync(inputFile);
  const stopped = Promise.withResolvers<never>();
  const stop = (error: unknown) => {
    endGroup(child);
    stopped.reject(error);
  };
  const onAbort = () => stop(fail('CANCELLED', 'ended, the caller has gone', options.signal?.reason));
  const timer = setTimeout(() => stop(fail('TIMEOUT', `not done after ${options.timeoutMs} ms`)), options.timeoutMs);
  options.signal?.addEventListener('abort', onAbort, { once: true });
  const tooMuch = () => stop(fail('PROGRAM_FAILED', `wrote more than ${maxOutputBytes} bytes`));
  const { onOutput } = options;
  const stdout = onOutput === undefined ? collect(child.stdout, tooMuch) : () => '';
  const taken = onOutput === undefined ? null : handOver(child.stdout, onOutput).catch(stop);
  const stderr = collect(child.stderr, tooMuch);
  // A program that ends without reading its input gives EPIPE here; its exit status says what there is to say.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input);
  try {
    const [{ status, signal }] = await Promise.race([Promise.all([ended(child, fail), taken]), stopped.promise]);
    if (status !== 0 && !(status !== null && options.accepts?.includes(status))) {
      const words =
        stderr()
          .split('\n')
          .find((line) => line.trim() !== '') ?? (signal === null ? `exit status ${status}` : `ended by ${signal}`);
      const code = /No space left on device|Disk quota exceeded/.test(stderr()) ? 'DISK_FULL' : 'PROGRAM_FAILED';
      throw fail(code, words.trim(), new Error(`exit status ${status ?? signal}: ${stderr()}`));
    }
    return { stdout: stdout(), stderr: stderr() };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', onAbort);
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

type Ended = { status: number | null; signal: NodeJS.Signals | null };

function ended(child: ChildProcess, fail: (code: 'PROGRAM_FAILED', why: string, cause: unknown) => MvirtError): Promise<Ended> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(fail('PROGRAM_FAILED', error.message, error)));
    child.once('exit', (status, signal) => {
      const late = setTimeout(() => resolve({ status, signal }), drainMs);
      child.once('close', () => {
        clearTimeout(late);
        resolve({ status, signal });
      });
    });
  });
}

/** Our own child leads the group and its end was not yet told to us, so the number does not mean another group. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // ended in this very moment
  }
}

async function handOver(stream: NodeJS.ReadableStream | null, take: (piece: Uint8Array) => Promise<void>): Promise<void> {
  if (stream === null) return;
  for await (const piece of stream) await take(Buffer.from(piece));
}

function collect(stream: NodeJS.ReadableStream | null, tooMuch: () => void): () => string {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream?.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxOutputBytes) return tooMuch();
    chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}
