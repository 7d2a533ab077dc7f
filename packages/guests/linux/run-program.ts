import { execFile } from 'node:child_process';
import { MvirtError } from '@mvirt/domain';

/** Runs a program to its end, never through a shell. @throws PROGRAM_MISSING, PROGRAM_FAILED, TIMEOUT, CANCELLED. */
export type RunProgram = (argv: string[], options: { timeoutMs: number; signal?: AbortSignal; cwd?: string }) => Promise<{ stdout: string; stderr: string }>;

/** The Debian package that brings each program used to build a guest. */
const packages: Readonly<Record<string, string>> = { 'apt-get': 'apt', 'apt-cache': 'apt', 'dpkg-deb': 'dpkg', xz: 'xz-utils' };

/** RunProgram for scripts, which have no agent's host at hand. */
export const runProgram: RunProgram = (argv, { timeoutMs, signal, cwd }) => {
  const [program = '', ...args] = argv;
  const env = { ...process.env, LC_ALL: 'C' };
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      { timeout: timeoutMs, maxBuffer: 8 << 20, env, ...(signal && { signal }), ...(cwd !== undefined && { cwd }) },
      (error, stdout, stderr) => {
        if (error === null) resolve({ stdout, stderr });
        else reject(failure(program, error, stderr, timeoutMs));
      },
    );
  });
};

function failure(program: string, error: Error & { code?: unknown; killed?: boolean }, stderr: string, timeoutMs: number): MvirtError {
  const cause = error;
  if (error.name === 'AbortError') return new MvirtError({ code: 'CANCELLED', message: `${program} was cancelled`, cause });
  if (error.code === 'ENOENT') {
    const hint = `install the Debian package ${packages[program] ?? program}`;
    return new MvirtError({ code: 'PROGRAM_MISSING', message: `the program ${program} is missing`, hint, cause });
  }
  if (error.killed) return new MvirtError({ code: 'TIMEOUT', message: `${program} did not end within ${timeoutMs / 1000} s`, cause });
  const line = stderr.split('\n').find((text) => text.startsWith('E: ')) ?? stderr.split('\n')[0] ?? '';
  return new MvirtError({ code: 'PROGRAM_FAILED', message: `${program} failed: ${line}`, hint: 'its own words say why', cause });
}
