import type { DoctorCheck } from '@mvirt/api/schema';
import { toMvirtError } from '@mvirt/domain';
import type { CallOptions, HypervisorDriver, HypervisorReport } from '@mvirt/hypervisor';
import { ok, problem, warning } from './check.ts';

type Seen = { report: HypervisorReport } | { failed: DoctorCheck };

/** Each hypervisor, what it runs guests on (found out by running one), and which of them a VM gets that names none. */
export async function checkHypervisors(drivers: readonly HypervisorDriver[], options: CallOptions): Promise<DoctorCheck[]> {
  const seen = await Promise.all(drivers.map((driver) => lookAt(driver, options)));
  const reports = seen.flatMap((one) => ('report' in one ? [one.report] : []));
  const isNeeded = !reports.some(({ usable }) => usable);
  return [...seen.flatMap((one) => ('report' in one ? judge(one.report, { isNeeded }) : [one.failed])), ...choice(reports)];
}

async function lookAt(driver: HypervisorDriver, options: CallOptions): Promise<Seen> {
  try {
    return { report: await driver.probe(options) };
  } catch (thrown) {
    const { message, hint } = toMvirtError(thrown);
    return { failed: problem(`hypervisor.${driver.kind}`, driver.kind, `it could not be tried: ${message}`, hint) };
  }
}

/** Nothing to mend: what no hypervisor is asked for is said before it is looked for. */
export function checkSnapshots(drivers: readonly Pick<HypervisorDriver, 'capabilities'>[]): DoctorCheck[] {
  const reasons = new Set(drivers.flatMap(({ capabilities }) => capabilities.snapshot ?? []));
  return reasons.size === 0 ? [] : [ok('snapshots', 'snapshots of VMs', [...reasons].join('\n'))];
}

/** One check for the program, one for its accelerator. isNeeded: no other hypervisor runs guests here. */
export function judge({ kind, version, program, usable, slow, accelerator, notes, hint }: HypervisorReport, { isNeeded } = { isNeeded: true }): DoctorCheck[] {
  const id = `hypervisor.${kind}`;
  const why = notes.join('\n');
  const found = ok(id, kind, `version ${version ?? 'unknown'} at ${program ?? 'an unknown place'}`);
  const title = `${kind} acceleration`;
  if (!usable && slow === true) return [found, warning(`acceleration.${kind}`, title, why, hint)];
  if (!usable && isNeeded) return [problem(id, kind, why || 'not usable', hint ?? 'mend what the lines above name, and run mvirt doctor again')];
  if (!usable) return [warning(id, kind, why || 'not usable', hint)];
  if (accelerator === 'kvm') return [found, ok(`acceleration.${kind}`, title, why || 'kvm')];
  return [found, warning(`acceleration.${kind}`, title, [`guests run on ${accelerator ?? 'nothing'}`, ...notes].join('\n'), hint)];
}

/** reports: in order of preference, as the agent chooses. */
function choice(reports: readonly HypervisorReport[]): DoctorCheck[] {
  const id = 'hypervisor.choice';
  const title = 'hypervisor of new VMs';
  const chosen = reports.find(({ usable }) => usable);
  if (!chosen) {
    const hint = reports.find((report) => report.hint !== null)?.hint ?? 'see the lines above';
    return reports.length === 0 ? [] : [problem(id, title, 'none runs guests here at any useful speed', hint)];
  }
  const passed = reports.slice(0, reports.indexOf(chosen)).map(whyPassed);
  return [ok(id, title, [`${chosen.kind} on ${chosen.accelerator ?? 'nothing'}, unless a VM names another`, ...passed].join('\n'))];
}

function whyPassed({ kind, version, slow }: HypervisorReport): string {
  if (version === null) return `${kind} would come first and is not installed`;
  return `${kind} would come first and ${slow === true ? 'crawls here: only a VM that names it gets it' : 'runs no guest here'}`;
}
