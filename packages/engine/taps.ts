import type { Network } from '@mvirt/network';

/** Takes VMs' TAPs away, and remembers where that has failed: the reconciler tries again. */
export interface Taps {
  /** As the network's own. @throws NETWORK_ERROR */
  release: Network['release'];
  /** Whether a release has failed since the last settled(). */
  owes(vmId: string): boolean;
  settled(vmId: string): void;
}

export function createTaps(network: Network): Taps {
  const owed = new Set<string>();
  return {
    async release(vmId, options) {
      try {
        await network.release(vmId, options);
      } catch (thrown) {
        owed.add(vmId);
        throw thrown;
      }
    },
    owes: (vmId) => owed.has(vmId),
    settled: (vmId) => void owed.delete(vmId),
  };
}
