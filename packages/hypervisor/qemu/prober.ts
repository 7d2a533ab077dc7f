import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import { z } from 'zod';
import type { CallOptions, HypervisorReport } from '../driver.ts';
import { orAborted } from '../or-aborted.ts';
import { probeKey, readProbe, writeProbe } from '../probe-cache.ts';
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

/** Finds QEMU and its accelerator once; all who ask meanwhile wait for the same answer. */
export function createProber({ host, dataDir, guestImage }: ProberDeps): Prober {
  let asked: Promise<Probed> | null = null;
  let answer: Probed | null = null;
  const path = dataDir === null ? null : join(dataDir, 'probe-qemu.json');

  const find = async (program: string): Promise<Probed> => {
    const key = probeKey(program, host.processes.bootId);
    const cached = path === null ? null : readProbe(path, key, probedSchema);
    if (cached) return cached;
    const { stdout } = await host.programs.run([program, '--version'], { timeoutMs: 2000 });
    const version = /version (\S+)/.exec(stdout)?.[1] ?? 'unknown';
    const timeout = host.programs.find('timeout') ?? '/usr/bin/timeout';
    const probed = { version, ...(await probeAccelerators({ program, timeout, guestImage })) };
    if (path !== null && probed.accelerator !== null) writeProbe(path, key, probed);
    return probed;
  };

  const probed = async (program: string, { signal }: CallOptions): Promise<Probed> => {
    if (answer?.accelerator) return answer;
    asked ??= find(program).finally(() => {
      asked = null;
    });
    answer = await orAborted(asked, signal);
    return answer;
  };

  return {
    known: () => answer?.accelerator ?? null,
    async report(options) {
      const program = host.programs.find(programName);
      if (program === null) {
        return { kind: 'qemu', version: null, program, usable: false, accelerator: null, notes: [`${programName} is not installed`], hint: installHint };
      }
      const { version, accelerator, notes } = await probed(program, options);
      const hint = accelerator === null ? 'QEMU is installed and runs no guest: see the notes' : slowHint(accelerator);
      return { kind: 'qemu', version, program, usable: accelerator !== null, accelerator: accelerator?.name ?? null, notes, hint };
    },
    async need(options) {
      const program = host.programs.find(programName);
      if (program === null) throw new MvirtError({ code: 'HYPERVISOR_MISSING', message: `${programName} is not installed`, hint: installHint });
      const { accelerator, notes } = await probed(program, options);
      if (accelerator === null) throw new MvirtError({ code: 'UNSUPPORTED', message: `QEMU runs no guest on this host: ${notes.join('; ')}` });
      return { program, accelerator };
    },
  };
}

const slowHint = ({ name }: Accelerator): string | null =>
  name === 'kvm' ? null : 'guests are emulated, which is slow: a host with a working /dev/kvm runs them at full speed';
