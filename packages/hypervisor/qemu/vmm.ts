import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { z } from 'zod';
import type { CallOptions, Vmm } from '../driver.ts';
import { createFacts } from '../facts.ts';
import { createResizing } from '../resizing.ts';
import { createResponsiveness } from '../responsiveness.ts';
import type { VmmDeps } from '../vmm-deps.ts';
import { watchVmm } from '../vmm-watch.ts';
import { createDevices } from './devices.ts';
import { settleQemu } from './ending.ts';
import type { EventFile } from './event-file.ts';
import type { EventFact } from './events.ts';
import { createLineEvents } from './line-events.ts';
import { createQmpLink, type QmpCallOptions, type QmpLink, QmpRefusal } from './qmp.ts';
import { anything, blockStatsReply, statusReply } from './qmp-replies.ts';
import { filesOf } from './run-files.ts';
import { createSizeHand, isCpu } from './size-hand.ts';
import { createYoungGuest } from './young-guest.ts';

export type QemuVmm = Vmm & {
  readonly link: QmpLink;
  /** Reads what the events file has of it, now. */
  drain(): boolean;
  /** Says that it does not answer, before any call was made. */
  silent(): void;
  /** Asks it something; what it missed to say is told. @throws HYPERVISOR_UNRESPONSIVE and what calls throw */
  ask(options: QmpCallOptions): Promise<void>;
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>;
  hasGone(): boolean;
};

/** One QEMU as one agent sees it: commands over qmp.sock, facts from the events file, its end from the kernel. */
export function createQemuVmm({ host, clock, watchdog, run, events }: VmmDeps<EventFile>): QemuVmm {
  const { process } = run;
  const facts = createFacts();
  const leaving = new AbortController();
  const { answered, silent, heard } = createResponsiveness(facts);

  const tell = (fact: EventFact): void => {
    if (fact.kind !== 'device-removed') facts.tell(fact);
    else if (isCpu(fact.device)) void ask({ signal: leaving.signal }).catch(() => {});
    else void tellRemoved(fact.device);
  };
  /** Once nothing of it is left: whoever dies before is followed by an agent that finds the device in the run's record, and asks again. */
  const tellRemoved = async (device: string): Promise<void> => {
    facts.tell({ kind: 'device-removed', device: await devices.removed(device) });
  };
  const drain = (): boolean => events.drain(tell);
  const lines = createLineEvents({ clock, events, drain, tell });

  const link = createQmpLink({ runDir: run.runDir, files: host.files, clock, onAnswer: answered, onSilence: silent, onEvent: lines.hear });
  const devices = createDevices({ link, clock, disks: run.disks });
  const resizing = createResizing({ hand: createSizeHand(link), clock, known: run.size ?? null, onResized: (size) => facts.tell({ kind: 'resized', size }) });
  const call = async <T>(command: string, args: Record<string, unknown>, reply: z.ZodType<T>, options: QmpCallOptions): Promise<T> => {
    try {
      return await link.call(command, args, reply, options);
    } catch (error) {
      throw asMvirt(error);
    }
  };
  const young = createYoungGuest(clock);
  const act = async (command: string, { signal }: CallOptions): Promise<void> => {
    await call(command, {}, anything, signal ? { signal } : {});
  };

  /** Any question will do: where its guest may be resized, the one that may bring news. */
  const ask = async (options: QmpCallOptions): Promise<void> => {
    if (run.size === undefined) await link.call('query-status', {}, statusReply, options);
    else await resizing.settle(options);
  };

  const lookAfter = async (): Promise<void> => {
    drain();
    if (!link.connected() && !(await link.connect())) return silent();
    if (heard() && !resizing.pending()) return;
    // Silence is what the calls themselves tell; the VMM's end is told by the kernel.
    await ask({ signal: leaving.signal }).catch(() => {});
  };

  const settle = async (): Promise<void> => {
    link.close();
    lines.flush();
    const cause = await settleQemu(host, run, events.state(), {});
    stopWatching();
    facts.tell({ kind: 'ended', cause });
  };

  const eventsPath = join(run.runDir, filesOf(run).eventsOut);
  const watch = watchVmm({ host, clock, watchdog, process, eventsPath, drain, lookAfter: () => void lookAfter(), onEnd: () => void settle() });

  const stopWatching = (): void => {
    watch[Symbol.dispose]();
    lines[Symbol.dispose]();
    events[Symbol.dispose]();
  };

  return {
    process,
    link,
    drain,
    silent,
    ask,
    gone: watch.gone,
    hasGone: watch.hasGone,
    listen: facts.listen,
    async status({ signal }) {
      const { running } = await call('query-status', {}, statusReply, signal ? { signal } : {});
      return running ? 'running' : 'paused';
    },
    pressPowerButton: (options) => act('system_powerdown', options),
    pause: (options) => act('stop', options),
    resume: (options) => act('cont', options),
    async reset(options) {
      await young.grown(options.signal);
      young.begins();
      await act('system_reset', options);
    },
    async powerOff(options) {
      try {
        await act('quit', options);
      } catch (error) {
        // It may be gone before its answer is out.
        if (!(error instanceof MvirtError && error.code === 'HYPERVISOR_ERROR' && !link.connected())) throw error;
      }
    },
    attachDisk: (disk, options) => devices.attachDisk(disk, options).catch(rethrow),
    detachDisk: (path, options) => devices.detachDisk(path, options).catch(rethrow),
    attachNic: (nic, options) => devices.attachNic(nic, options).catch(rethrow),
    detachNic: (mac, options) => devices.detachNic(mac, options).catch(rethrow),
    resize: (size, options) => resizing.resize(size, options).catch(rethrow),
    async blockStats({ signal }) {
      const nodes = devices.nodes();
      const stats = await call('query-blockstats', {}, blockStatsReply, signal ? { signal } : {});
      return stats.flatMap(({ 'node-name': node, stats: figures }) => {
        const path = nodes.get(node);
        if (path === undefined) return [];
        const { rd_bytes: readBytes, wr_bytes: writeBytes, rd_operations: readOperations, wr_operations: writeOperations } = figures;
        return [{ path, readBytes, writeBytes, readOperations, writeOperations }];
      });
    },
    openInput: () => host.vmms.openInput({ runDir: run.runDir, input: 'fifo', process }),
    close() {
      leaving.abort();
      facts.close();
      link.close();
      stopWatching();
    },
  };
}

const rethrow = (error: unknown): never => {
  throw asMvirt(error);
};

/** QEMU's refusal in our words; its lock on a disk image is a conflict with another VM. */
function asMvirt(error: unknown): unknown {
  if (!(error instanceof QmpRefusal)) return error;
  const code = /Failed to get .* lock/.test(error.desc) ? 'DISK_IN_USE' : 'HYPERVISOR_ERROR';
  return new MvirtError({ code, message: error.message, cause: error });
}
