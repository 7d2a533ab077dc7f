import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/** Tells hosts on one Ethernet apart, the same after a reboot. */
export function hostSeed(): string {
  try {
    return readFileSync('/etc/machine-id', 'utf8').trim() || hostname();
  } catch {
    // Not every system has one.
    return hostname();
  }
}
