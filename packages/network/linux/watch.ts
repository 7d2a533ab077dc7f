import { statSync } from 'node:fs';
import type { Host } from '@mvirt/host';
import type { ServerFiles } from '../dnsmasq-text.ts';
import type { LivingServer } from './server.ts';

export type ServerWatchDeps = { host: Pick<Host, 'processes' | 'files'>; files: ServerFiles; find(): LivingServer | null };

/** Behind the kernel's notice, which may miss the last of a burst. */
const pollMs = 2_000;
/** dnsmasq writes its file in several steps. */
const settleMs = 30;

/** Tells when the lease file changes, and when the server that lives now has ended. */
export function watchServer({ host, files, find }: ServerWatchDeps, listener: (what: 'leases' | 'server') => void): Disposable {
  const server = find();
  const watch = statSync(files.leases, { throwIfNoEntry: false }) === undefined ? null : host.files.watch(files.leases, () => soon());
  let settling: ReturnType<typeof setTimeout> | null = null;
  let last = stamp(files.leases);
  const look = (): void => {
    const now = stamp(files.leases);
    if (now === last) return;
    last = now;
    listener('leases');
  };
  const soon = (): void => {
    settling ??= setTimeout(() => {
      settling = null;
      look();
    }, settleMs);
  };
  const poll = setInterval(look, pollMs);
  poll.unref();
  const end = server === null ? null : host.processes.onEnd(server.process, () => listener('server'));
  return {
    [Symbol.dispose]() {
      clearInterval(poll);
      if (settling !== null) clearTimeout(settling);
      watch?.[Symbol.dispose]();
      end?.[Symbol.dispose]();
    },
  };
}

function stamp(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? '' : `${stat.ino}/${stat.size}/${stat.mtimeMs}`;
}
