import type { VmId } from '@mvirt/domain';

export type VmNotice = { kind: 'changed' | 'removed'; id: VmId };

/** Tells inside the agent which VM has changed; what it is now is read from the store. */
export interface VmFeed {
  tell(notice: VmNotice): void;
  /** id null: all VMs. */
  listen(id: VmId | null, listener: (notice: VmNotice) => void): Disposable;
}

/** onDefect: what a listener threw; the others are told all the same, and the change goes on. */
export function createVmFeed(onDefect: (error: unknown) => void): VmFeed {
  const all = new Set<(notice: VmNotice) => void>();
  const byId = new Map<VmId, Set<(notice: VmNotice) => void>>();

  const listenTo = (id: VmId): Set<(notice: VmNotice) => void> => {
    const known = byId.get(id) ?? new Set();
    byId.set(id, known);
    return known;
  };

  return {
    tell(notice) {
      for (const listener of [...(byId.get(notice.id) ?? []), ...all]) {
        try {
          listener(notice);
        } catch (error) {
          onDefect(error);
        }
      }
    },
    listen(id, listener) {
      const listeners = id === null ? all : listenTo(id);
      listeners.add(listener);
      return {
        [Symbol.dispose]() {
          listeners.delete(listener);
          if (id !== null && listeners.size === 0) byId.delete(id);
        },
      };
    },
  };
}
