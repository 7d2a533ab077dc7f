import { accessSync, constants } from 'node:fs';
import { type Accelerator, accelerators } from './accelerator.ts';
import { type ProbeRun, type ProbeRunOptions, runProbe } from './probe-run.ts';

export type ProbeResult = {
  /** null: QEMU ran the probe guest in no way at all. */
  accelerator: Accelerator | null;
  /** One line each, for people: what was tried, measured and decided. */
  notes: string[];
};

export type ProbeDeps = {
  program: string;
  timeout: string;
  guestImage: string;
  /** Replaced in tests. */
  run?: (options: ProbeRunOptions) => Promise<ProbeRun>;
  kvm?: () => string | null;
};

/** Below this a real guest does not boot in any useful time; QEMU's translator gives some 300 million. */
export const leastAdditionsPerSecond = 50e6;
const allMs = 18_000;

/** Runs the probe guest on each accelerator, best first, until one is fast enough. KVM has two seconds at most; TCG ends in half a one, or later on a busy host. */
export async function probeAccelerators(
  { program, timeout, guestImage, run = runProbe, kvm = kvmObstacle }: ProbeDeps,
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
    notes.push(`${accelerator.name} (-cpu ${accelerator.cpu}): ${describe(result)}${usable ? '' : ', not used'}`);
    if (usable) return { accelerator, notes };
    // Another CPU model makes none faster, only one that failed may do better.
    if (accelerator.name === 'kvm' && (result.kind === 'slow' || result.kind === 'done')) kvmIsSlow = true;
  }
  return { accelerator: null, notes };
}

/** Why /dev/kvm is not even tried; null: it opens. */
function kvmObstacle(): string | null {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    return code === 'ENOENT' ? '/dev/kvm does not exist on this host' : '/dev/kvm may not be opened: run as root or as a member of the group kvm';
  }
}

const perSecond = (additions: number): string => `${additions < 1e7 ? (additions / 1e6).toFixed(1) : Math.round(additions / 1e6)} million additions a second`;

function describe(run: ProbeRun): string {
  switch (run.kind) {
    case 'done':
      return `ran the probe guest at ${perSecond(run.additionsPerSecond)}`;
    case 'slow':
      return `ran the probe guest at fewer than ${perSecond(run.fewerThan)}: too slow for any real guest`;
    case 'silent':
      return `the probe guest did not come up within ${run.afterMs / 1000} s`;
    case 'failed':
      return `QEMU failed: ${run.words}`;
  }
}
