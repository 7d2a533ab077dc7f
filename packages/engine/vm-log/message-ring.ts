import type { VmId } from '@mvirt/domain';
import type { LogLine } from '../services.ts';

/** The agent's last messages about each VM, in memory. */
export interface MessageRing {
  add(vmId: VmId, line: LogLine): void;
  /** Those with a number > since, oldest first; some may have been pushed out before they were read. */
  since(vmId: VmId, since: number): LogLine[];
  /** The number of the last message of all. */
  last(): number;
}

const perVm = 100;
/** VMs that come and go leave messages behind: the longest silent ones are forgotten. */
const maxVms = 1000;

export function createMessageRing(): MessageRing {
  const byVm = new Map<VmId, { number: number; line: LogLine }[]>();
  let last = 0;
  return {
    add(vmId, line) {
      last += 1;
      const messages = byVm.get(vmId) ?? [];
      byVm.delete(vmId);
      byVm.set(vmId, [...messages, { number: last, line }].slice(-perVm));
      const [silent] = byVm.keys();
      if (byVm.size > maxVms && silent !== undefined) byVm.delete(silent);
    },
    since: (vmId, since) => (byVm.get(vmId) ?? []).filter(({ number }) => number > since).map(({ line }) => line),
    last: () => last,
  };
}
