import { MvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import { z } from 'zod';
import type { CallOptions, HypervisorReport } from '../driver.ts';
import { askVersion, createTrial } from '../trial.ts';
import { type Accelerator, acceleratorSchema } from './accelerator.ts';
import { type ProbeResult, probeAccelerators } from './probe.ts';

export type Prober = {
  report(options: CallOptions): Promise<HypervisorReport>;
  /** @throws HYPERVISOR_MISSING, UNSUPPORTED */
  need(options: CallOptions): Promise<{ program: string; accelerator: Accelerator }>;
  /** What is known without waiting. */
  known(): Accelerator | null;
};

export type ProberDeps = {
  host: Pick<Host, 'programs' | 'processes'>;
  /** Where the result is kept for the next agent; null: nowhere. */
  dataDir: string | null;
  guestImage: string;
};

type Probed = ProbeResult & { version: string };

const probedSchema: z.ZodType<Probed> = z.object({ version: z.string(), accelerator: acceleratorSchema, notes: z.array(z.string()) });

const programName = 'qemu-system-x86_64';
const installHint = 'install it: apt-get install --no-install-recommends qemu-system-x86';

/** Finds QEMU and its accelerator once. */
export function createProber({ host, dataDir, guestImage }: ProberDeps): Prober {
  const isUsable = ({ accelerator }: Probed): boolean => accelerator !== null;
  const find = async (program: string): Promise<Probed> => {
    const version = /version (\S+)/.exec(await askVersion(host, program))?.[1] ?? 'unknown';
    const timeout = host.programs.find('timeout') ?? '/usr/bin/timeout';
    return { version, ...(await probeAccelerators({ program, timeout, guestImage })) };
  };
  const trial = createTrial({ host, kind: 'qemu', programName, dataDir, schema: probedSchema, settled: isUsable, kept: isUsable, find });

  return {
    known: () => trial.known()?.accelerator ?? null,
    async report(options) {
      const program = trial.program();
      if (program === null) {
        return { kind: 'qemu', version: null, program, usable: false, accelerator: null, notes: [`${programName} is not installed`], hint: installHint };
      }
      const { version, accelerator, notes } = await trial.of(program, options);
      const hint = accelerator === null ? 'QEMU is installed and runs no guest: see the notes' : slowHint(accelerator);
      return { kind: 'qemu', version, program, usable: accelerator !== null, accelerator: accelerator?.name ?? null, notes, hint };
    },
    async need(options) {
      const program = trial.program();
      if (program === null) throw new MvirtError({ code: 'HYPERVISOR_MISSING', message: `${programName} is not installed`, hint: installHint });
      const { accelerator, notes } = await trial.of(program, options);
      if (accelerator === null) throw new MvirtError({ code: 'UNSUPPORTED', message: `QEMU runs no guest on this host: ${notes.join('; ')}` });
      return { program, accelerator };
    },
  };
}

const slowHint = ({ name }: Accelerator): string | null =>
  name === 'kvm' ? null : 'guests are emulated, which is slow: a host with a working /dev/kvm runs them at full speed';
