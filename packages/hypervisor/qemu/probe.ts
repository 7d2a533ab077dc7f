import { kvmObstacle } from '../kvm.ts';
import { describeProbe, leastAdditionsPerSecond, type ProbeRun, probeCmdline, runProbe } from '../probe-run.ts';
import { type Accelerator, accelerators } from './accelerator.ts';

export type ProbeResult = {
  /** null: QEMU ran the probe guest in no way at all. */
  accelerator: Accelerator | null;
  /** One line each, for people: what was tried, measured and decided. */
  notes: string[];
};

export type ProbeTry = { program: string; timeout: string; guestImage: string; accelerator: Accelerator; signal: AbortSignal };

export type ProbeDeps = {
  program: string;
  timeout: string;
  guestImage: string;
  /** Replaced in tests. */
  run?: (options: ProbeTry) => Promise<ProbeRun>;
  kvm?: () => string | null;
};

const allMs = 18_000;

/** Runs the probe guest on each accelerator, best first, until one is fast enough. KVM has two seconds at most; TCG ends in half a one, or later on a busy host. */
export async function probeAccelerators(
  { program, timeout, guestImage, run = tryOne, kvm = kvmObstacle }: ProbeDeps,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const notes: string[] = [];
  const limit = AbortSignal.timeout(allMs);
  const until = signal ? AbortSignal.any([signal, limit]) : limit;
  const obstacle = kvm();
  if (obstacle !== null) notes.push(`kvm: ${obstacle}`);
  let kvmIsSlow = obstacle !== null;
  for (const accelerator of accelerators) {
    if (accelerator.name === 'kvm' && kvmIsSlow) continue;
    const result = await run({ program, timeout, guestImage, accelerator, signal: until });
    signal?.throwIfAborted();
    const usable = result.kind === 'done' && (accelerator.name === 'tcg' || result.additionsPerSecond >= leastAdditionsPerSecond);
    notes.push(`${accelerator.name} (-cpu ${accelerator.cpu}): ${describeProbe(result, 'QEMU')}${usable ? '' : ', not used'}`);
    if (usable) return { accelerator, notes };
    // Another CPU model makes none faster, only one that failed may do better.
    if (accelerator.name === 'kvm' && (result.kind === 'slow' || result.kind === 'done')) kvmIsSlow = true;
  }
  return { accelerator: null, notes };
}

const tryOne = ({ program, timeout, guestImage, accelerator, signal }: ProbeTry): Promise<ProbeRun> =>
  runProbe({ timeout, argv: probeArgv(program, guestImage, accelerator), patience: accelerator.name === 'tcg' ? 'long' : 'short', signal });

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
    ...['-kernel', guestImage, '-append', probeCmdline],
  ];
}
