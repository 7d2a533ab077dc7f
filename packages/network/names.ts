import { createHash } from 'node:crypto';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** `mvirt-` + 8 hex of the VM's id (of its SHA-256 where it is no UUID) + one base-36 digit, none for NIC 0. */
export function tapName(vmId: string, index: number): string {
  const hex = uuid.test(vmId) ? vmId.slice(0, 8).toLowerCase() : sha256(vmId).slice(0, 8);
  return `mvirt-${hex}${index === 0 ? '' : index.toString(36)}`;
}

/** A MAC under 52:54:00, derived from the VM's id and the NIC's index, the same at each start. */
export function derivedMac(vmId: string, index: number): string {
  const hex = sha256(`${vmId}/${index}`);
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}

/** The names that the Rust daemon gives to the TAP which it makes for a VM itself, by release. */
export const isRustTap = (vmId: string, tap: string): boolean => vmId.length >= 8 && (tap === `mvirt-${vmId.slice(0, 8)}` || tap === `vm${vmId.slice(0, 8)}`);

export const tapAlias = (vmId: string): string => `mvirt:${vmId}`;

/** The VM that an ifalias of ours names; null for any other alias. */
export const vmIdOfAlias = (alias: string): string | null => (alias.startsWith('mvirt:') && alias.length > 6 ? alias.slice(6) : null);
