import { MvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import { z } from 'zod';
import type { CallOptions, HypervisorReport } from '../driver.ts';
import { askVersion, createTrial } from '../trial.ts';
import { type ProbeResult, probeKvm } from './probe.ts';
import { leastMajor, parseVersion, refusedVersion, versionName } from './version.ts';

type Probed = ProbeResult & { version: string };

const probedSchema: z.ZodType<Probed> = z.object({ version: z.string(), runs: z.enum(['fast', 'slow', 'not']), notes: z.array(z.string()) });

export type Prober = {
  report(options: CallOptions): Promise<HypervisorReport>;
  /** @throws HYPERVISOR_MISSING, UNSUPPORTED */
  need(options: CallOptions): Promise<{ program: string; slow: boolean }>;
};

export type ProberDeps = {
  host: Pick<Host, 'programs' | 'processes'>;
  /** Where the result is kept for the next agent; null: nowhere. */
  dataDir: string | null;
  guestImage: string;
  kvm: () => string | null;
};

const programName = 'cloud-hypervisor';
const installHint = `install version ${leastMajor} or later from https://github.com/cloud-hypervisor/cloud-hypervisor/releases into /usr/local/bin`;

/** Finds cloud-hypervisor and tries it once. */
export function createProber({ host, dataDir, guestImage, kvm }: ProberDeps): Prober {
  const find = async (program: string): Promise<Probed> => {
    const stdout = await askVersion(host, program);
    const version = parseVersion(stdout);
    if (version === null) return { version: 'unknown', runs: 'not', notes: [`it does not say its version: ${stdout.split('\n', 1)[0] ?? ''}`] };
    const refused = refusedVersion(version);
    if (refused !== null) return { version: versionName(version), runs: 'not', notes: [refused] };
    const timeout = host.programs.find('timeout') ?? '/usr/bin/timeout';
    return { version: versionName(version), ...(await probeKvm({ program, timeout, guestImage, kvm })) };
  };
  const trial = createTrial({
    host,
    kind: 'cloud-hypervisor',
    programName,
    dataDir,
    schema: probedSchema,
    settled: ({ runs }) => runs !== 'not',
    kept: ({ runs }) => runs === 'fast',
    find,
  });

  return {
    async report(options) {
      const kind = 'cloud-hypervisor';
      const program = trial.program();
      if (program === null) {
        return { kind, version: null, program, usable: false, accelerator: null, notes: [`${programName} is not installed`], hint: installHint };
      }
      const { version, runs, notes } = await trial.of(program, options);
      return { kind, version, program, usable: runs === 'fast', slow: runs === 'slow', accelerator: runs === 'not' ? null : 'kvm', notes, hint: hints[runs] };
    },
    async need(options) {
      const program = trial.program();
      if (program === null) throw new MvirtError({ code: 'HYPERVISOR_MISSING', message: `${programName} is not installed`, hint: installHint });
      const { runs, notes } = await trial.of(program, options);
      if (runs === 'not')
        throw new MvirtError({ code: 'UNSUPPORTED', message: `cloud-hypervisor runs no guest on this host: ${notes.join('; ')}`, hint: hints.not });
      return { program, slow: runs === 'slow' };
    },
  };
}

const hints = {
  fast: null,
  slow: 'VMs run on QEMU unless they name cloud-hypervisor: it needs a host whose /dev/kvm runs guests at full speed',
  not: `it needs version ${leastMajor} or later and a working /dev/kvm`,
};
