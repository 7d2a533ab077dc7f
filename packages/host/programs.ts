/** Runs host programs. Never through a shell. */
export interface Programs {
  /** Absolute path in PATH (and /usr/sbin, /sbin), looked for once; null where missing. */
  find(name: string): string | null;
  /**
   * @throws PROGRAM_MISSING naming the Debian package; PROGRAM_FAILED with its first line of stderr; TIMEOUT.
   * Output is bounded at 8 MiB, but for what onOutput takes; what that throws ends the program and is thrown.
   */
  run(argv: string[], options: RunOptions): Promise<{ stdout: string; stderr: string }>;
}

export type RunOptions = {
  timeoutMs: number;
  signal?: AbortSignal;
  input?: string | Uint8Array;
  /** Read by the program itself as its standard input, in place of `input`. */
  inputFile?: string;
  cwd?: string;
  /** Exit statuses that are no failure, besides 0. */
  accepts?: readonly number[];
  /** Without capabilities and with no way to get any: for programs that take apart what strangers made. */
  confined?: boolean;
  /** Takes standard output piece by piece; the program waits meanwhile. The answer's stdout is then empty. */
  onOutput?: (piece: Uint8Array) => Promise<void>;
};
