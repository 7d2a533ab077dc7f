import { pathHash } from '../device-names.ts';

/** Names of QEMU's backends, which stand beside the device's. */
export const diskNode = (path: string): string => `node-${pathHash(path)}`;
export const nicBackend = (mac: string): string => `net-${mac.replaceAll(':', '')}`;
export const rootPort = (index: number): string => `rp${index}`;

/** The backend that belongs to a disk's or NIC's device. */
export function backendOf(device: string): { kind: 'disk' | 'nic'; backend: string } | null {
  if (device.startsWith('disk-')) return { kind: 'disk', backend: `node-${device.slice(5)}` };
  if (device.startsWith('nic-')) return { kind: 'nic', backend: `net-${device.slice(4)}` };
  return null;
}
