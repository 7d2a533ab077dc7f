import { createHash } from 'node:crypto';

/** Names of devices: made from what they stand for, so that any agent finds them again without a table. */
export const pathHash = (path: string): string => createHash('sha1').update(path).digest('hex').slice(0, 16);

export const diskDevice = (path: string): string => `disk-${pathHash(path)}`;
export const nicDevice = (mac: string): string => `nic-${mac.replaceAll(':', '')}`;

/** nic-525400123456 → 52:54:00:12:34:56: what a NIC's device stands for needs no table at all. */
export const macOfDevice = (device: string): string => (device.slice(4).match(/../g) ?? []).join(':');
