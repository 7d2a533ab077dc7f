import { type CapabilitySet, capability } from '../capabilities.ts';

/**
 * How a VMM loses its rights: never more by exec, and of root's capabilities only CAP_DAC_OVERRIDE (disks belong to their users).
 * An agent that may not change its bounding set still hands nothing on.
 */
export function setprivArgv(setpriv: string, own: CapabilitySet, command: string[]): string[] {
  const kept = own.has(capability.setPcap) && own.has(capability.dacOverride) ? '-all,+dac_override' : '-all';
  const bounding = own.has(capability.setPcap) ? [`--bounding-set=${kept}`] : [];
  return [setpriv, '--no-new-privs', ...bounding, `--inh-caps=${kept}`, `--ambient-caps=${kept}`, '--', ...command];
}
