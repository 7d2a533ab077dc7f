import { MvirtError } from '@mvirt/domain';
import { derivedMac, type Network, tapName } from '@mvirt/network';

/** TAPs in memory, by the port's rules. Outlives "agents". */
export type FakeNetwork = Network & {
  /** TAPs of ours that exist, in the order they were made. */
  taps(): { tap: string; vmId: string }[];
  /** A TAP of somebody else's, as a client may name it. */
  addForeignTap(name: string): void;
  foreignTaps(): string[];
  failNextPrepare(words: string): void;
  failNextRelease(words: string): void;
  /** prepare() waits until the result is called, or its signal ends. */
  holdPrepare(): () => void;
  /** What rights() says from now on; null: all that is needed. */
  setReason(reason: string | null): void;
};

export function createFakeNetwork(): FakeNetwork {
  const ours = new Map<string, string>();
  const foreign = new Set<string>();
  let reason: string | null = null;
  let prepareFailure: string | null = null;
  let releaseFailure: string | null = null;
  let gate: Promise<void> | null = null;

  const failure = (words: string) => new MvirtError({ code: 'NETWORK_ERROR', message: words });
  const refuse = (nic: { tap: string | null }): void => {
    if (nic.tap !== null && !foreign.has(nic.tap)) throw failure(`TAP ${nic.tap} does not exist`);
    if (nic.tap === null && reason !== null) throw new MvirtError({ code: 'UNSUPPORTED', message: `nics: ${reason}` });
  };

  return {
    rights: () => ({ taps: reason === null, reason }),
    async prepare({ vmId, nics }, { signal }) {
      await turn();
      signal?.throwIfAborted();
      if (gate) await until(gate, signal);
      signal?.throwIfAborted();
      const words = prepareFailure;
      prepareFailure = null;
      for (const nic of nics) refuse(nic);
      if (words !== null) throw failure(words);
      return nics.map(({ index, tap, mac }) => {
        const name = tap ?? tapName(vmId, index);
        if (tap === null) ours.set(name, vmId);
        return { index, tap: name, mac: mac ?? derivedMac(vmId, index), ours: tap === null };
      });
    },
    async release(vmId, { tap, signal }) {
      await turn();
      signal?.throwIfAborted();
      const words = releaseFailure;
      releaseFailure = null;
      if (words !== null) throw failure(words);
      for (const [name, owner] of [...ours]) if (owner === vmId && (tap === undefined || tap === name)) ours.delete(name);
    },
    async claim(vmId, { tap, signal }) {
      await turn();
      signal?.throwIfAborted();
      if (foreign.delete(tap)) ours.set(tap, vmId);
    },
    async present() {
      await turn();
      return [...ours].map(([tap, vmId]) => ({ tap, vmId, held: false }));
    },
    taps: () => [...ours].map(([tap, vmId]) => ({ tap, vmId })),
    addForeignTap: (name) => void foreign.add(name),
    foreignTaps: () => [...foreign],
    failNextPrepare(words) {
      prepareFailure = words;
    },
    failNextRelease(words) {
      releaseFailure = words;
    },
    holdPrepare() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return () => {
        gate = null;
        resolve();
      };
    },
    setReason(next) {
      reason = next;
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function until(gate: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  const aborted = Promise.withResolvers<void>();
  const leave = () => aborted.resolve();
  signal?.addEventListener('abort', leave, { once: true });
  await Promise.race([gate, aborted.promise]);
  signal?.removeEventListener('abort', leave);
}
