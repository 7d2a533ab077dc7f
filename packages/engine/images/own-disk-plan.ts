import { type DiskFormat, type HypervisorKind, MvirtError } from '@mvirt/domain';

export type OwnDiskInput = {
  image: { name: string; format: DiskFormat; sizeBytes: number };
  /** Relative to the folder of the new disk, as an overlay names it: both may be moved together. */
  imagePath: string;
  /** null: not known; then it is made for all of them. */
  hypervisor: HypervisorKind | null;
  /** null: as large as the image. */
  sizeBytes: number | null;
};

/** How a disk is made: the ways that may be tried, in this order. growTo null: it has its size already. */
export type OwnDiskWay =
  | { kind: 'clone'; format: DiskFormat; growTo: number | null }
  | { kind: 'overlay'; format: 'qcow2'; argv: (to: string) => string[] }
  | { kind: 'copy'; format: 'raw'; argv: (to: string) => string[]; growTo: number | null };

/** @throws INVALID_ARGUMENT where the disk would be smaller than its image */
export function planOwnDisk({ image, imagePath, hypervisor, sizeBytes }: OwnDiskInput): OwnDiskWay[] {
  if (sizeBytes !== null && sizeBytes < image.sizeBytes) {
    throw new MvirtError({
      code: 'INVALID_ARGUMENT',
      message: `disk-size: ${sizeBytes} bytes are less than the image ${image.name} has, ${image.sizeBytes}`,
      hint: `give at least ${Math.ceil(image.sizeBytes / 2 ** 20)}M, or leave it out`,
    });
  }
  const growTo = sizeBytes === null || sizeBytes === image.sizeBytes ? null : sizeBytes;
  const isQemu = hypervisor === 'qemu';
  // cloud-hypervisor has lost data on qcow2 (docs/adr/0016): there a disk is always raw.
  const clone: OwnDiskWay[] = image.format === 'raw' || isQemu ? [{ kind: 'clone', format: image.format, growTo }] : [];
  if (isQemu) {
    const size = growTo === null ? [] : [`${growTo}`];
    const argv = (to: string) => ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', image.format, '-b', imagePath, to, ...size];
    return [...clone, { kind: 'overlay', format: 'qcow2', argv }];
  }
  const argv = (to: string) => ['qemu-img', 'convert', '-q', '-f', image.format, '-O', 'raw', imagePath, to];
  return [...clone, { kind: 'copy', format: 'raw', argv, growTo }];
}
