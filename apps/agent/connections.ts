import { MvirtError } from '@mvirt/domain';

/** Counts each user's connections. */
export interface ConnectionCount {
  /** @throws TOO_MANY */
  enter(uid: number): Disposable;
}

export function createConnectionCount(maxPerUser: number): ConnectionCount {
  const open = new Map<number, number>();
  return {
    enter(uid) {
      const before = open.get(uid) ?? 0;
      if (before >= maxPerUser) throw new MvirtError({ code: 'TOO_MANY', message: `user ${uid} has ${before} connections to the agent` });
      open.set(uid, before + 1);
      let left = false;
      return {
        [Symbol.dispose]() {
          if (left) return;
          left = true;
          const now = (open.get(uid) ?? 1) - 1;
          if (now === 0) open.delete(uid);
          else open.set(uid, now);
        },
      };
    },
  };
}
