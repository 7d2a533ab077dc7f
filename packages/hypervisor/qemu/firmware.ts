import { type Boot, MvirtError } from '@mvirt/domain';

/** What a firmware boot means on QEMU. */
export type Firmware =
  /** QEMU's own: SeaBIOS, which boots a disk by its boot sector. */
  | { kind: 'built-in' }
  /** One image with its variables in it, mapped read-only: what the guest stores is lost at power-off. */
  | { kind: 'bios'; path: string }
  /** Code and variables apart; the variables are copied into the run directory at each start. */
  | { kind: 'flash'; code: string; variables: string };

export type FirmwareFiles = {
  /** A combined OVMF image of this host, null where none is installed. */
  ovmf: string | null;
  exists(path: string): boolean;
};

const ovmfHint = 'install the Debian package ovmf';

/**
 * A firmware built for cloud-hypervisor cannot start on QEMU's q35, so QEMU's counterpart takes its place: OVMF, as both
 * are UEFI, else SeaBIOS. @throws UNSUPPORTED where OVMF's code has no variables beside it.
 */
export function firmwareOf(boot: Extract<Boot, { kind: 'firmware' }>, files: FirmwareFiles): { firmware: Firmware; note: string | null } {
  const { path } = boot;
  if (path === null) return { firmware: { kind: 'built-in' }, note: null };
  if (/(^|\/)(hypervisor-fw|CLOUDHV[^/]*\.fd)$/.test(path)) return instead(path, files);
  if (/(^|\/)OVMF_CODE[^/]*\.fd$/.test(path)) return { firmware: { kind: 'flash', code: path, variables: variablesOf(path, files) }, note: null };
  return { firmware: { kind: 'bios', path }, note: null };
}

function instead(path: string, { ovmf }: FirmwareFiles): { firmware: Firmware; note: string } {
  const because = `${path} is a firmware for cloud-hypervisor`;
  if (ovmf === null) return { firmware: { kind: 'built-in' }, note: `${because}: QEMU's SeaBIOS is used instead (for UEFI, ${ovmfHint})` };
  return { firmware: { kind: 'bios', path: ovmf }, note: `${because}: ${ovmf} is used instead` };
}

function variablesOf(code: string, { exists }: FirmwareFiles): string {
  const same = code.replace(/OVMF_CODE([^/]*)$/, 'OVMF_VARS$1');
  const plain = same.replace(/(\.secboot|\.ms|\.snakeoil)\.fd$/, '.fd');
  const found = [same, plain].find(exists);
  if (found !== undefined) return found;
  throw new MvirtError({
    code: 'UNSUPPORTED',
    message: `firmware: ${code} needs its variables, and ${same} does not exist`,
    hint: `${ovmfHint}, or name a combined OVMF.fd`,
  });
}
