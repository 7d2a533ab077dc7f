import type { DoctorCheck } from '@mvirt/api/schema';
import { toMvirtError } from '@mvirt/domain';
import type { CallOptions, HypervisorDriver, HypervisorReport } from '@mvirt/hypervisor';
import { ok, problem, warning } from './check.ts';

/** Each hypervisor, and what it runs guests on: found out by running one. */
export async function checkHypervisors(drivers: readonly HypervisorDriver[], options: CallOptions): Promise<DoctorCheck[]> {
  const checks = await Promise.all(drivers.map((driver) => checkOne(driver, options)));
  return checks.flat();
}

async function checkOne(driver: HypervisorDriver, options: CallOptions): Promise<DoctorCheck[]> {
  try {
    return judge(await driver.probe(options));
  } catch (thrown) {
    const { message, hint } = toMvirtError(thrown);
    return [problem(`hypervisor.${driver.kind}`, driver.kind, `it could not be tried: ${message}`, hint)];
  }
}

/** One check for the program, one for its accelerator. */
export function judge({ kind, version, program, usable, accelerator, notes, hint }: HypervisorReport): DoctorCheck[] {
  const id = `hypervisor.${kind}`;
  const why = notes.join('\n');
  if (!usable) return [problem(id, kind, why || 'not usable', hint ?? 'mend what the lines above name, and run mvirt doctor again')];
  const found = ok(id, kind, `version ${version ?? 'unknown'} at ${program ?? 'an unknown place'}`);
  const title = `${kind} acceleration`;
  if (accelerator === 'kvm') return [found, ok(`acceleration.${kind}`, title, why || 'kvm')];
  return [found, warning(`acceleration.${kind}`, title, [`guests run on ${accelerator ?? 'nothing'}`, ...notes].join('\n'), hint)];
}
