import { describeProbe, leastAdditionsPerSecond, type ProbeRun, type ProbeRunOptions, probeCmdline, runProbe } from '../probe-run.ts';

export type ProbeResult = {
  /** slow: a guest runs, and no real one would be of any use. */
  runs: 'fast' | 'slow' | 'not';
  /** One line each, for people: what was tried, measured and decided. */
  notes: string[];
};

export type ProbeDeps = {
  program: string;
  timeout: string;
  guestImage: string;
  /** Replaced in tests. */
  run?: (options: ProbeRunOptions) => Promise<ProbeRun>;
  /** Why /dev/kvm is not even tried; null: it opens. */
  kvm: () => string | null;
};

const allMs = 3000;

/** Runs the probe guest on /dev/kvm, the only thing that cloud-hypervisor runs on. At most three seconds. */
export async function probeKvm({ program, timeout, guestImage, run = runProbe, kvm }: ProbeDeps): Promise<ProbeResult> {
  const obstacle = kvm();
  if (obstacle !== null) return { runs: 'not', notes: [`kvm: ${obstacle}`] };
  const result = await run({ timeout, argv: probeArgv(program, guestImage), patience: 'short', signal: AbortSignal.timeout(allMs) });
  const runs = speedOf(result);
  return { runs, notes: [`kvm: ${describeProbe(result, 'cloud-hypervisor')}${runs === 'fast' ? '' : ', not used unless a VM names it'}`] };
}

function speedOf(result: ProbeRun): ProbeResult['runs'] {
  if (result.kind === 'done') return result.additionsPerSecond >= leastAdditionsPerSecond ? 'fast' : 'slow';
  return result.kind === 'slow' ? 'slow' : 'not';
}

/** The one place where options stand in for the API: this VMM has nothing to be asked, and ends with its guest. */
export const probeArgv = (program: string, guestImage: string): string[] => [
  program,
  ...['--cpus', 'boot=1', '--memory', 'size=32M', '--serial', 'tty', '--console', 'off'],
  ...['--kernel', guestImage, '--cmdline', probeCmdline],
];
