import { createHash } from 'node:crypto';

/** Names of devices and backends: made from what they stand for, so that any agent finds them again without a table. */
const hash = (path: string): string => createHash('sha1').update(path).digest('hex').slice(0, 16);

export const diskDevice = (path: string): string => `disk-${hash(path)}`;
export const diskNode = (path: string): string => `node-${hash(path)}`;
export const nicDevice = (mac: string): string => `nic-${mac.replaceAll(':', '')}`;
export const nicBackend = (mac: string): string => `net-${mac.replaceAll(':', '')}`;
export const rootPort = (index: number): string => `rp${index}`;

/** The backend that belongs to a disk's or NIC's device. */
export function backendOf(device: string): { kind: 'disk' | 'nic'; backend: string } | null {
  if (device.startsWith('disk-')) return { kind: 'disk', backend: `node-${device.slice(5)}` };
  if (device.startsWith('nic-')) return { kind: 'nic', backend: `net-${device.slice(4)}` };
  return null;
}

/** 525400123456 → 52:54:00:12:34:56: what a NIC's device stands for needs no table at all. */
export const macOfDevice = (device: string): string => (device.slice(4).match(/../g) ?? []).join(':');
