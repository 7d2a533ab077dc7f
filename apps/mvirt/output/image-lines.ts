import type { ImageDocument } from '@mvirt/api/schema';
import { printable, table } from './table.ts';
import { nameOf, size } from './vm-lines.ts';

/** One line an image. */
export function imageTable(images: readonly ImageDocument[]): string {
  const rows = images.map((image) => [
    { text: printable(image.name) },
    { text: image.format },
    { text: size(image.sizeBytes), right: true },
    { text: image.diskBytes === null ? 'missing' : size(image.diskBytes), right: true },
    { text: image.user ?? '-' },
    { text: `${image.usedBy.length}`, right: true },
  ]);
  return table(['NAME', 'FORMAT', 'SIZE', 'ON DISK', 'USER', 'VMS'], rows);
}

/** Everything of one image, a field a line. */
export function imageDetails(image: ImageDocument): string {
  const lines: [string, string][] = [
    ['name', image.name],
    ['format', image.format],
    ['size', size(image.sizeBytes)],
    ['on disk', image.diskBytes === null ? 'its file is missing: remove it, and import it again' : size(image.diskBytes)],
    ['file', image.path],
    ['sha256', image.sha256],
    ['source', image.source ?? 'standard input'],
    ['user', image.user ?? 'not known'],
    ['created', image.createdAt],
    ...image.usedBy.map(({ vmId, vmName }): [string, string] => ['used by', nameOf({ id: vmId, name: vmName })]),
  ];
  return `${lines.map(([key, value]) => `${key.padEnd(7)}  ${printable(value)}`).join('\n')}\n`;
}

export const importedLine = ({ name, format, sizeBytes, user }: ImageDocument): string =>
  `${printable(name)}: imported, ${format}, ${size(sizeBytes)}${user === null ? '' : `, user ${user}`}\n`;
