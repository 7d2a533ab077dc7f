import { MvirtError, type ProcessIdentity } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { Clock } from '../clock.ts';
import type { CallOptions } from '../driver.ts';
import type { ApiLink } from './api-link.ts';
import type { EventFile } from './event-file.ts';
import { NotListening } from './exchange.ts';
import { ApiRefusal } from './refusal.ts';
import { anything, infoReply } from './replies.ts';

/** Ends a VMM that is of no more use, or that is asked to end; why is noted before, for whoever finds it ended. */
export type LastAct = Disposable & {
  /** The guest is off or has panicked: with --no-shutdown its VMM stays until it is ended. Once, however often it is called. */
  begin(): void;
  powerOff(options: CallOptions): Promise<void>;
  /** It was asked to end: that nobody listens is then no silence. */
  begun(): boolean;
};

export type LastActDeps = {
  host: Pick<Host, 'processes'>;
  clock: Clock;
  link: Pick<ApiLink, 'get' | 'put'>;
  process: ProcessIdentity;
  events: EventFile;
  /** The agent is leaving. */
  signal: AbortSignal;
};

/** A VMM whose guest is off holds nothing back: one that does not end by then is killed. */
const endMs = 3000;

export function createLastAct({ host, clock, link, process, events, signal }: LastActDeps): LastAct {
  let begun = false;
  let asked = false;
  let patience: Disposable | null = null;

  const note = (ending: 'guest-off' | 'power-off'): void => {
    const state = events.state();
    if (state.ending === null) events.note({ ...state, ending });
  };

  /** A VMM that ends by a signal says the same and answers no more: only one that still answers has a guest that powered off. */
  const isOff = async (): Promise<boolean> => {
    try {
      return (await link.get('vm.info', infoReply, { signal })).state === 'Created';
    } catch (error) {
      return error instanceof ApiRefusal;
    }
  };

  const end = async (): Promise<void> => {
    patience = clock.after(endMs, () => void host.processes.signal(process, 'SIGKILL'));
    if (!events.state().panicked) {
      if (!(await isOff())) return;
      note('guest-off');
    }
    await link.put('vmm.shutdown', null, { signal });
  };

  return {
    begin() {
      if (begun) return;
      begun = true;
      // Whatever it answers, the kernel tells of its end, and the time that it has is limited.
      void end().catch(() => {});
    },
    async powerOff(options) {
      // What hangs must not find this in its queue when it wakes.
      await link.get('vmm.ping', anything, options);
      note('power-off');
      asked = true;
      try {
        await link.put('vmm.shutdown', null, options);
      } catch (error) {
        // It may be gone before its answer is out.
        const gone = error instanceof NotListening || (error instanceof MvirtError && error.code === 'HYPERVISOR_ERROR');
        if (!gone) throw error;
      }
    },
    begun: () => begun || asked,
    [Symbol.dispose]: () => patience?.[Symbol.dispose](),
  };
}
