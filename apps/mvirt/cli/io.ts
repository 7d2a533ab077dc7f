import { fstatSync, writeSync } from 'node:fs';
import type { Io } from './invocation.ts';

/** This process's own streams. Standard output is written at once: a pipe that closes ends the command quietly. */
export function processIo(): Io {
  const write = (fd: number, data: string | Uint8Array) => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length; ) at += writeSome(fd, bytes.subarray(at));
  };
  return {
    stdout: {
      write: (data) => write(1, data),
      get isTerminal() {
        return isTerminal(1);
      },
      // The process's own stream is touched for a terminal alone: to make one takes longer than many a command runs, and leaves a pipe non-blocking.
      get columns() {
        return isTerminal(1) ? (process.stdout.columns ?? 80) : 80;
      },
    },
    stderr: {
      write: (data) => write(2, data),
      get isTerminal() {
        return isTerminal(2);
      },
    },
    get stdinIsTerminal() {
      return isTerminal(0);
    },
    env: process.env,
    cwd: process.cwd(),
  };
}

/** The kernel's number for /dev/null and its like (devices.txt). */
const memoryMajor = 1;

/** Files, pipes and /dev/null are told from terminals without node:tty, which takes longer to load than many a command runs. */
function isTerminal(fd: number): boolean {
  try {
    const stats = fstatSync(fd);
    if (!stats.isCharacterDevice() || stats.rdev >> 8 === memoryMajor) return false;
    return process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    return false; // closed
  }
}

/** A shell's status for a program that a closed pipe ended. */
const brokenPipe = 128 + 13;

function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'EPIPE') process.exit(brokenPipe);
    if (code !== 'EAGAIN') throw error;
    Bun.sleepSync(2); // a full pipe or terminal that another program has made non-blocking
    return 0;
  }
}
