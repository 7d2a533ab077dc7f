import { join } from 'node:path';
import { type Clock, type LifecycleEvent, MvirtError, type VmId } from '@mvirt/domain';
import { type Host, runFiles } from '@mvirt/host';
import type { Store } from '@mvirt/store';
import { createFileTail } from './console-hub/file-tail.ts';
import { createWakeup, type Wakeup } from './console-hub/wakeup.ts';
import type { EventLog } from './event-log.ts';
import { runDirOf } from './run-dir.ts';
import type { LogLine, LogService } from './services.ts';
import { eventLine } from './vm-log/event-line.ts';
import { type LineFile, openLineFile } from './vm-log/line-file.ts';
import { createMessageRing } from './vm-log/message-ring.ts';

/** The log of each VM, and the way in for the agent's own messages. */
export interface VmLogs extends LogService {
  /** What the agent's logger says about a VM; the last ones are kept, in memory. */
  agentMessage(vmId: VmId, level: LogLine['level'], text: string): void;
  /** Ends all watches. */
  close(): void;
}

export type LogServiceDeps = {
  store: Pick<Store, 'vms' | 'events'>;
  events: Pick<EventLog, 'onFlush'>;
  host: { files: Pick<Host['files'], 'watch'> };
  clock: Clock;
  /** Absolute. */
  dataDir: string;
};

const batch = 256;

/** Where one watcher is in each of the three sources: nothing is queued for it. */
type Place = { seq: number; message: number; file: LineFile };

export function createLogService({ store, events, host, clock, dataDir }: LogServiceDeps): VmLogs {
  const ring = createMessageRing();
  const stop = new AbortController();
  const wakeups = new Map<Wakeup, VmId>();

  const messagesPath = (id: VmId) => join(runDirOf(dataDir, id), runFiles.messages);
  const known = (id: VmId) => {
    if (store.vms.get(id) === null) throw new MvirtError({ code: 'VM_NOT_FOUND', message: `no VM ${id}` });
  };
  /** Lines without a time come first: nobody knows when they were printed. */
  const select = (id: VmId, hypervisorLines: string[], { sinceMs, limit }: { sinceMs: number | null; limit: number }): LogLine[] => {
    if (limit <= 0) return [];
    const past = [...store.events.last({ vmId: id, limit }).map(eventLine), ...ring.since(id, 0)];
    const timed = byTime(past.filter(({ atMs }) => sinceMs === null || (atMs ?? 0) >= sinceMs));
    const untimed = sinceMs === null ? hypervisorLines.map((text) => hypervisorLine(text, null)) : [];
    return [...untimed, ...timed].slice(-limit);
  };
  const news = (id: VmId, place: Place): { lines: LogLine[]; more: boolean; deleted: boolean } => {
    const found = store.events.since(place.seq, { limit: batch, vmId: id });
    const messages = ring.since(id, place.message);
    const { lines, more } = place.file.read();
    place.seq = found.at(-1)?.seq ?? place.seq;
    place.message = ring.last();
    return {
      lines: byTime([...found.map(eventLine), ...messages, ...lines.map((text) => hypervisorLine(text, clock.nowMs()))]),
      more: more || found.length === batch,
      deleted: found.some(isDeletion),
    };
  };
  const follow = async function* (id: VmId, first: LogLine[], place: Place, signal: AbortSignal): AsyncGenerator<LogLine> {
    const wakeup = createWakeup();
    wakeups.set(wakeup, id);
    using _flushed = events.onFlush(() => wakeup.wake());
    using _grown = createFileTail({ files: host.files, clock, path: messagesPath(id), look: () => changed(place.file, wakeup) });
    try {
      yield* first;
      while (!signal.aborted) {
        const version = wakeup.version();
        const { lines, more, deleted } = news(id, place);
        yield* lines;
        if (deleted) return;
        if (!more) await wakeup.wait(version, { signal });
      }
    } finally {
      wakeups.delete(wakeup);
    }
  };

  return {
    read(id, options) {
      known(id);
      return select(id, openLineFile(messagesPath(id)).last, options);
    },
    watch(id, { sinceMs, tail, signal }) {
      known(id);
      const { last, file } = openLineFile(messagesPath(id));
      const place: Place = { seq: store.events.lastSeq(), message: ring.last(), file };
      return follow(id, select(id, last, { sinceMs, limit: tail }), place, AbortSignal.any([signal, stop.signal]));
    },
    agentMessage(vmId, level, text) {
      ring.add(vmId, { atMs: clock.nowMs(), source: 'agent', level, text });
      for (const [wakeup, watched] of wakeups) if (watched === vmId) wakeup.wake();
    },
    close: () => stop.abort(),
  };
}

const hypervisorLine = (text: string, atMs: number | null): LogLine => ({ atMs, source: 'hypervisor', level: 'info', text });

const byTime = (lines: LogLine[]): LogLine[] => lines.sort((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0));

const isDeletion = (event: LifecycleEvent): boolean => event.type === 'deleted';

function changed(file: LineFile, wakeup: Wakeup): boolean {
  const grew = file.look();
  if (grew) wakeup.wake();
  return grew;
}
