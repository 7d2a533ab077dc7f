import { MvirtError } from '@mvirt/domain';

/** Counts the connections of each user or address, by name. */
export interface ConnectionCount {
  /** @throws TOO_MANY */
  enter(name: string): Disposable;
}

export function createConnectionCount(maxPerName: number): ConnectionCount {
  const open = new Map<string, number>();
  return {
    enter(name) {
      const before = open.get(name) ?? 0;
      if (before >= maxPerName) throw new MvirtError({ code: 'TOO_MANY', message: `${name} has ${before} connections to the agent` });
      open.set(name, before + 1);
      let left = false;
      return {
        [Symbol.dispose]() {
          if (left) return;
          left = true;
          const now = (open.get(name) ?? 1) - 1;
          if (now === 0) open.delete(name);
          else open.set(name, now);
        },
      };
    },
  };
}
