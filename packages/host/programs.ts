/** Runs host programs. Never through a shell. */
export interface Programs {
  /** Absolute path in PATH (and /usr/sbin, /sbin), looked for once; null where missing. */
  find(name: string): string | null;
  /**
   * @throws PROGRAM_MISSING naming the Debian package; PROGRAM_FAILED with its first line of stderr; TIMEOUT.
   * Output is bounded at 8 MiB.
   */
  run(argv: string[], options: RunOptions): Promise<{ stdout: string; stderr: string }>;
}

export type RunOptions = { timeoutMs: number; signal?: AbortSignal; input?: string | Uint8Array; cwd?: string };
