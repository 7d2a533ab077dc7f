import { readFileSync } from 'node:fs';
import type { LaunchNic } from '@mvirt/domain';

/**
 * A cloud-hypervisor with the right to makes a missing TAP itself, which then leads nowhere: so it is looked for first.
 * By /proc, which shows the network namespace of who asks. Words for the first that is missing; null: all are there.
 */
export function missingTap(nics: readonly LaunchNic[]): string | null {
  if (nics.length === 0) return null;
  const present = new Set(
    readFileSync('/proc/self/net/dev', 'utf8')
      .split('\n')
      .map((line) => line.split(':', 1)[0]?.trim()),
  );
  const missing = nics.find(({ tap }) => !present.has(tap));
  return missing === undefined ? null : `the TAP ${missing.tap} of NIC ${missing.mac} does not exist`;
}
