import { type HypervisorChoice, type HypervisorKind, MvirtError, toMvirtError, type VmSpec } from '@mvirt/domain';
import type { Capabilities, HypervisorDriver, HypervisorReport } from '@mvirt/hypervisor';

/** Which hypervisor runs a VM. Each driver is probed once; probing runs a guest, so answers are kept. */
export interface DriverChoice {
  get(kind: HypervisorKind): HypervisorDriver | null;
  /** The hypervisor that a choice means, as far as is known by now; null: none usable, or not probed yet. */
  known(choice: HypervisorChoice): HypervisorKind | null;
  /** The same for a whole spec: `auto` passes over one that cannot run it where another can. */
  knownFor(spec: VmSpec): HypervisorKind | null;
  /** As knownFor, once all are probed. @throws HYPERVISOR_MISSING, UNSUPPORTED saying why */
  choose(spec: VmSpec): Promise<HypervisorDriver>;
  /** @throws UNSUPPORTED where the choice names a hypervisor that the agent has no driver for. */
  refuseUnknown(choice: HypervisorChoice): void;
  reports(): Promise<HypervisorReport[]>;
  capabilities(kind: HypervisorKind | null): Capabilities;
}

/** drivers: in order of preference. preferred: what `auto` means to this agent; `auto`: the first usable one. */
export function createDriverChoice({ drivers, preferred }: { drivers: readonly HypervisorDriver[]; preferred: HypervisorChoice }): DriverChoice {
  const known = new Map<HypervisorKind, HypervisorReport>();
  const get = (kind: HypervisorKind) => drivers.find((driver) => driver.kind === kind) ?? null;
  /** A crawling hypervisor is for those who name it. */
  const serves = (report: HypervisorReport | undefined, choice: HypervisorChoice): boolean => {
    const isNamed = choice !== 'auto' || preferred !== 'auto';
    return report !== undefined && (report.usable || (isNamed && report.slow === true));
  };
  const candidates = (choice: HypervisorChoice): HypervisorDriver[] => {
    const meant = choice === 'auto' ? preferred : choice;
    return drivers.filter((driver) => meant === 'auto' || driver.kind === meant);
  };
  // Without any caller's signal: who leaves must not end the trial for the others.
  const report = async (driver: HypervisorDriver): Promise<HypervisorReport> => {
    const seen = await driver.probe({});
    known.set(driver.kind, seen);
    return seen;
  };

  const refuseUnknown = (choice: HypervisorChoice): void => {
    if (candidates(choice).length > 0) return;
    const names = drivers.map((driver) => driver.kind).join(', ');
    throw new MvirtError({
      code: 'UNSUPPORTED',
      message: `hypervisor: ${choice === 'auto' ? preferred : choice} is not driven by this agent`,
      hint: names === '' ? 'mvirt doctor shows what this host can do' : `it drives: ${names}`,
    });
  };

  /** Of those that serve here, the first that can run the spec, else the first. */
  const best = (spec: VmSpec): HypervisorDriver | null => {
    const serving = candidates(spec.hypervisor).filter(({ kind }) => serves(known.get(kind), spec.hypervisor));
    return serving.find((driver) => runs(driver, spec)) ?? serving[0] ?? null;
  };

  return {
    get,
    refuseUnknown,
    known: (choice) => candidates(choice).find(({ kind }) => serves(known.get(kind), choice))?.kind ?? null,
    knownFor: (spec) => best(spec)?.kind ?? null,
    async choose(spec) {
      refuseUnknown(spec.hypervisor);
      const seen: HypervisorReport[] = [];
      for (const driver of candidates(spec.hypervisor)) {
        seen.push(await report(driver));
        const chosen = best(spec);
        if (chosen === driver && runs(driver, spec)) return driver;
      }
      // None runs this spec: the best of those that run guests says what it lacks.
      const fallback = best(spec);
      if (fallback === null) throw noneUsable(seen);
      return fallback;
    },
    reports: () => Promise.all(drivers.map(report)),
    capabilities: (kind) => (kind === null ? null : get(kind)?.capabilities) ?? noCapabilities,
  };
}

/** False only for what the hypervisor could never run: a file that is missing may come. */
function runs(driver: HypervisorDriver, spec: VmSpec): boolean {
  try {
    driver.check(spec);
    return true;
  } catch (thrown) {
    return toMvirtError(thrown).code !== 'UNSUPPORTED';
  }
}

const reason = 'no hypervisor is usable on this host';
const noCapabilities: Capabilities = {
  pause: reason,
  reboot: reason,
  hotplugDisk: reason,
  hotplugNic: reason,
  resize: reason,
  snapshot: reason,
  blockStats: reason,
};

function noneUsable(reports: HypervisorReport[]): MvirtError {
  const missing = reports.every((report) => report.version === null);
  const why = reports.map(
    (report) => `${report.kind} ${report.version === null ? 'is not installed' : `cannot run a guest here (${report.notes.at(-1) ?? 'its trial failed'})`}`,
  );
  const hint = reports.find((report) => report.hint !== null)?.hint;
  return new MvirtError({ code: missing ? 'HYPERVISOR_MISSING' : 'UNSUPPORTED', message: why.join('; '), ...(hint ? { hint } : {}) });
}
