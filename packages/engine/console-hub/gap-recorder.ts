import { toRfc3339, type VmId } from '@mvirt/domain';
import type { Store } from '@mvirt/store';
import type { EventLog } from '../event-log.ts';
import type { EngineLog } from '../log.ts';
import type { ConsoleGap } from './gap-watch.ts';

/** Writes gaps down as `console-gap` events. While the database's own filesystem is full, they wait (a few). */
export interface GapRecorder {
  note(vmId: VmId, gap: ConsoleGap): void;
  waiting(): boolean;
  retry(): void;
}

const maxWaiting = 100;

export function createGapRecorder({ store, events, log }: { store: Store; events: Pick<EventLog, 'record' | 'flush'>; log: EngineLog }): GapRecorder {
  let queue: { vmId: VmId; gap: ConsoleGap }[] = [];

  const record = ({ vmId, gap }: { vmId: VmId; gap: ConsoleGap }): boolean => {
    const { fromMs, toMs, offset } = gap;
    const message = `the console log's filesystem was full: guest output from ${toRfc3339(fromMs)} to ${toRfc3339(toMs)} may be missing`;
    try {
      store.transact(() => {
        const vm = store.vms.get(vmId);
        if (vm !== null) events.record(vm, { type: 'console-gap', message, detail: { fromMs, toMs, offset } });
      });
      events.flush();
      return true;
    } catch (error) {
      log.warn('a gap in its console was not recorded; trying again', { vm: vmId, error: String(error) });
      return false;
    }
  };
  return {
    note(vmId, gap) {
      if (!record({ vmId, gap })) queue = [...queue, { vmId, gap }].slice(-maxWaiting);
    },
    waiting: () => queue.length > 0,
    retry() {
      queue = queue.filter((entry) => !record(entry));
    },
  };
}
