import { writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Io } from './invocation.ts';

/** This process's own streams. Standard output is written at once: a pipe that closes ends the command quietly. */
export function processIo(): Io {
  const write = (fd: number, data: string | Uint8Array) => {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    for (let at = 0; at < bytes.length; ) at += writeSome(fd, bytes.subarray(at));
  };
  // The process's own streams are touched for a terminal alone: to make one takes longer than many a command runs, and leaves a pipe non-blocking.
  const isTerminal = isatty(1);
  return {
    stdout: { write: (data) => write(1, data), isTerminal, columns: isTerminal ? (process.stdout.columns ?? 80) : 80 },
    stderr: { write: (data) => write(2, data), isTerminal: isatty(2) },
    stdinIsTerminal: isatty(0),
    env: process.env,
    cwd: process.cwd(),
  };
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
