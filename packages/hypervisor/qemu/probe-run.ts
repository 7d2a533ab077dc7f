import { spawn } from 'node:child_process';
import type { Accelerator } from './accelerator.ts';

/** What one run of the probe guest showed. */
export type ProbeRun =
  | { kind: 'done'; additionsPerSecond: number }
  /** The guest came up, and had not added that much when its time was over. */
  | { kind: 'slow'; fewerThan: number }
  | { kind: 'silent'; afterMs: number }
  /** QEMU ended by itself, saying this. */
  | { kind: 'failed'; words: string };

export type ProbeRunOptions = { program: string; timeout: string; guestImage: string; accelerator: Accelerator; signal: AbortSignal };

/** A processor adds these in some milliseconds, QEMU's own translator in 15; a /dev/kvm that emulates needs seconds. */
const millions = 5;
/** TCG is what is left when all else failed, and is not refused because the host is busy now. */
const patience = { kvm: { bootMs: 700, addMs: 300 }, tcg: { bootMs: 10_000, addMs: 5000 } } as const;
/** `timeout` ends the probe's QEMU even where the agent is killed in the middle. */
const outlivesS = 20;
const mostOutput = 64 * 1024;

/** Boots the probe guest and measures how fast it adds: on KVM at most a second, on TCG as long as a busy host needs. */
export function runProbe({ program, timeout, guestImage, accelerator, signal }: ProbeRunOptions): Promise<ProbeRun> {
  const { promise, resolve } = Promise.withResolvers<ProbeRun>();
  const [command = timeout, ...args] = [timeout, '-s', 'KILL', `${outlivesS}`, ...probeArgv(program, guestImage, accelerator)];
  const { bootMs, addMs } = patience[accelerator.name];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: {}, cwd: '/' });
  let output = '';
  let words = '';
  let upAt: number | null = null;
  let timer = setTimeout(() => finish({ kind: 'silent', afterMs: bootMs }), bootMs);
  const leave = (): void => finish({ kind: 'failed', words: 'given up' });

  const finish = (run: ProbeRun): void => {
    clearTimeout(timer);
    signal.removeEventListener('abort', leave);
    // SIGTERM is passed on by `timeout`; the guest is ours and holds nothing.
    child.kill('SIGTERM');
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
 * On KVM without a BIOS to speak of (qboot), so that a slow one still shows its speed in time; on TCG, where microvm hangs
 * now and then (QEMU 7.2), the machine that VMs get.
 */
export function probeArgv(program: string, guestImage: string, { name, cpu }: Accelerator): string[] {
  const machine = name === 'kvm' ? ['-machine', 'microvm,acpi=off,rtc=off,pit=off,pic=off', '-bios', 'qboot.rom'] : ['-machine', 'q35'];
  return [
    program,
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-sandbox', 'on,spawn=deny'],
    ...[...machine, '-accel', name, '-cpu', cpu, '-m', '16'],
    ...['-chardev', 'stdio,id=serial,signal=off', '-serial', 'chardev:serial'],
    ...['-kernel', guestImage, '-append', `probe=${millions}`],
  ];
}

function firstWords(said: string): string {
  const line = said.split('\n').find((line) => line !== '' && !line.includes('warning:'));
  return line?.replace(/^qemu-system-[^:]+: /, '') ?? 'it ended without a word';
}
