import type { ProcessIdentity } from './process.ts';

/** How a VMM is to be run: plain data, made by a pure launch plan. */
export type VmmSpawn = {
  /** Absolute; becomes the VMM's working directory, so that sockets have short relative names. */
  runDir: string;
  /** argv of the VMM itself, program first (found in PATH when not absolute). */
  argv: string[];
  /** The VMM's whole environment: nothing of the agent's is added. */
  env: Record<string, string>;
  /** The file that the exit status is written to, relative to runDir; a new name for each run. */
  exitFile: string;
  /** fifo: a FIFO `serial.in` that is opened O_RDWR as stdin (QEMU). pty: a raw PTY's slave as stdin, its master inherited as fd 3. */
  input: 'fifo' | 'pty';
};

/** The files of a run directory. console.log is the VMM's stdout (append only), stdout.log its stderr. */
export const runFiles = { console: 'console.log', messages: 'stdout.log', fifo: 'serial.in', pid: 'vmm.pid' } as const;

/** outOfMemory: whether the kernel counted a kill for want of memory in the VMM's own control group, of whichever kind; absent: it had none. */
export type VmmExit = { status: number; signal: null } | { status: null; signal: string; outOfMemory?: boolean };

/** Where typed bytes go. Writes do not block: what the line cannot take yet is queued, up to a bound. */
export interface SerialInput {
  /** Resolves when the bytes are with the VMM's line. @throws TOO_MANY when the queue is full, CONSOLE_READ_ONLY when the line is gone. */
  write(bytes: Uint8Array, options: { signal?: AbortSignal }): Promise<void>;
  close(): void;
}

export interface VmmRunner {
  /**
   * Starts a VMM under its shim, detached, in its own session, with no_new_privs and no capability but
   * CAP_DAC_OVERRIDE (as root). Answers once the program itself is executed; one that then dies at once is told by onEnd.
   * It runs in a control group of its own where that can be had, which its shim removes, or in a scope where systemd runs the host.
   * On failure or abort no process is left, of files the two logs. @throws START_FAILED, PROGRAM_MISSING, CANCELLED.
   */
  spawn(plan: VmmSpawn, options: { signal: AbortSignal }): Promise<ProcessIdentity>;
  /** What the shim wrote; null: nothing (it lives, or its shim died first). */
  readExit(runDir: string, exitFile: string): VmmExit | null;
  /** Waits up to timeoutMs for the shim to write, after the VMM has ended. */
  waitExit(runDir: string, exitFile: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<VmmExit | null>;
  /** Removes what a run whose shim was killed has left beside its files: its control group. */
  forget(runDir: string): void;
  /** The input line of a VMM, also of one that an earlier agent spawned. @throws CONSOLE_READ_ONLY with the reason. */
  openInput(run: { runDir: string; input: 'fifo' | 'pty'; process: ProcessIdentity }): Promise<SerialInput>;
}
