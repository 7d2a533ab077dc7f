import type { VmSpec } from './vm-spec.ts';

/** What the hypervisor is asked to boot. */
export type Boot =
  | { kind: 'kernel'; kernel: string; initramfs: string | null; cmdline: string | null }
  /** path null: the hypervisor's own firmware. */
  | { kind: 'firmware'; path: string | null };

/** File names that mean a firmware image in the contract's `kernel` field (first release, no boot_mode). */
const firmwareNames = /(^|\/)(hypervisor-fw|CLOUDHV[^/]*\.fd|OVMF[^/]*\.fd)$/;

/**
 * What a spec boots: a firmware (named, or the hypervisor's own, which then boots the disk), or a kernel.
 * Boot mode disk ignores the kernel field unless it names firmware, as in the contract.
 */
export function bootOf(spec: Pick<VmSpec, 'bootMode' | 'kernel' | 'firmware' | 'initramfs' | 'cmdline'>): Boot {
  if (spec.firmware) return { kind: 'firmware', path: spec.firmware };
  const kernel = spec.kernel === '' ? null : spec.kernel;
  if (kernel !== null && firmwareNames.test(kernel)) return { kind: 'firmware', path: kernel };
  if (kernel === null || spec.bootMode === 'disk') return { kind: 'firmware', path: null };
  return { kind: 'kernel', kernel, initramfs: spec.initramfs, cmdline: spec.cmdline };
}
