import { type ChildProcess, spawn } from 'node:child_process';

/** What one run of the probe guest showed. */
export type ProbeRun =
  | { kind: 'done'; additionsPerSecond: number }
  /** The guest came up, and had not added that much when its time was over. */
  | { kind: 'slow'; fewerThan: number }
  | { kind: 'silent'; afterMs: number }
  /** The hypervisor ended by itself, saying this. */
  | { kind: 'failed'; words: string };

/** argv: the hypervisor with the probe guest, whose command line is probeCmdline and whose serial line is stdout. */
export type ProbeRunOptions = { timeout: string; argv: string[]; patience: keyof typeof patiences; signal: AbortSignal };

/** A processor adds these in some milliseconds, QEMU's own translator in 15; a /dev/kvm that emulates needs seconds. */
const millions = 5;
/** Long for what is left when all else failed: it is not refused because the host is busy now. */
const patiences = { short: { bootMs: 700, addMs: 300 }, long: { bootMs: 10_000, addMs: 5000 } } as const;
/** `timeout` ends the probe's VMM even where the agent is killed in the middle. */
const outlivesS = 20;
const mostOutput = 64 * 1024;

export const probeCmdline = `probe=${millions}`;

/** Below this a real guest does not boot in any useful time; QEMU's translator gives some 300 million. */
export const leastAdditionsPerSecond = 50e6;

/** Boots the probe guest and measures how fast it adds: a second at most, or as long as a busy host needs. */
export function runProbe({ timeout, argv, patience, signal }: ProbeRunOptions): Promise<ProbeRun> {
  const { promise, resolve } = Promise.withResolvers<ProbeRun>();
  const { bootMs, addMs } = patiences[patience];
  const child = spawn(timeout, ['-s', 'KILL', `${outlivesS}`, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], env: {}, cwd: '/', detached: true });
  let output = '';
  let words = '';
  let upAt: number | null = null;
  let timer = setTimeout(() => finish({ kind: 'silent', afterMs: bootMs }), bootMs);
  const leave = (): void => finish({ kind: 'failed', words: 'given up' });

  const finish = (run: ProbeRun): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    killGroup(child);
    resolve(run);
  };

  const hear = (chunk: Buffer): void => {
    if (output.length < mostOutput) output += chunk.toString('latin1');
    if (upAt === null && output.includes('TINY up')) {
      upAt = performance.now();
      clearTimeout(timer);
      timer = setTimeout(() => finish({ kind: 'slow', fewerThan: (millions * 1e6 * 1000) / addMs }), addMs);
    }
    if (upAt === null || !output.includes('TINY probe done')) return;
    const tookMs = Math.max(1, performance.now() - upAt);
    finish({ kind: 'done', additionsPerSecond: (millions * 1e6 * 1000) / tookMs });
  };

  child.stdout.on('data', hear);
  child.stderr.on('data', (chunk: Buffer) => {
    if (words.length < mostOutput) words += chunk.toString('utf8');
  });
  child.on('error', (error) => finish({ kind: 'failed', words: error.message }));
  child.on('close', () => finish({ kind: 'failed', words: firstWords(words) }));
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  return promise;
}

/**
 * Ends `timeout` and its VMM as one: a signal to `timeout` alone is lost on the VMM while it is being started.
 * The guest is ours and holds nothing.
 */
function killGroup({ pid, exitCode, signalCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null || signalCode !== null) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    // Ended by itself just now: nothing is left to end.
  }
}

const perSecond = (additions: number): string => `${additions < 1e7 ? (additions / 1e6).toFixed(1) : Math.round(additions / 1e6)} million additions a second`;

/** One line for people. name: the hypervisor's. */
export function describeProbe(run: ProbeRun, name: string): string {
  switch (run.kind) {
    case 'done':
      return `ran the probe guest at ${perSecond(run.additionsPerSecond)}`;
    case 'slow':
      return `ran the probe guest at fewer than ${perSecond(run.fewerThan)}: too slow for any real guest`;
    case 'silent':
      return `the probe guest did not come up within ${run.afterMs / 1000} s`;
    case 'failed':
      return `${name} failed: ${run.words}`;
  }
}

function firstWords(said: string): string {
  const line = said.split('\n').find((line) => line !== '' && !/warning:| WARN:/.test(line));
  return line?.replace(/^qemu-system-[^:]+: /, '') ?? 'it ended without a word';
}
