import { readProc } from './proc.ts';

/** Bit numbers of linux/capability.h. */
export const capability = { dacOverride: 1, setPcap: 8, netAdmin: 12 } as const;

export type CapabilitySet = { has(bit: number): boolean };

/** The hexadecimal mask of a Cap… line of /proc/PID/status. */
export function parseCapabilities(hex: string): CapabilitySet {
  const mask = BigInt(`0x${hex}`);
  return { has: (bit) => ((mask >> BigInt(bit)) & 1n) === 1n };
}

/** What this process may do now. */
export function effectiveCapabilities(): CapabilitySet {
  return parseCapabilities(readProc('self/status')?.match(/^CapEff:\s+([0-9a-f]+)$/m)?.[1] ?? '0');
}
