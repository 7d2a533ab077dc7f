import { type Clock, MvirtError, type VmId } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { Vmm } from '@mvirt/hypervisor';
import type { Store } from '@mvirt/store';
import type { Printed } from '../context.ts';
import type { EventLog } from '../event-log.ts';
import type { EngineLog } from '../log.ts';
import type { ConsoleService, ConsoleStart } from '../services.ts';
import { defaultTailTiming, type TailTiming } from './file-tail.ts';
import { createGapRecorder } from './gap-recorder.ts';
import { parseCursor } from './position.ts';
import { createVmConsole, type VmConsole } from './vm-console.ts';

/** The guests' serial consoles: tails of the files that VMMs write, for any number of viewers, and the way back in. */
export interface ConsoleHub extends ConsoleService {
  /** Once what an earlier agent left is adopted: cuts back logs that grew while no agent was there, those of VMs that have ended too, one after the other. */
  begin(): void;
  /** Before the spawn: makes console.log or keeps it, and notes durably where the run begins. @throws STORE_ERROR, DISK_FULL */
  runStarting(vmId: VmId, run: { runId: string; runDir: string }): void;
  /** Also after an adoption: opens the input line and serial.sock, or, where the VMM serves that, becomes its client. A failure makes the console read-only, with its reason. */
  runStarted(vmId: VmId, vmm: Vmm): void;
  /** Also after a start that failed. */
  runEnded(vmId: VmId): void;
  removed(vmId: VmId): void;
  /** What is there now, from a place on. */
  printed(vmId: VmId, from: ConsoleStart): AsyncIterable<Printed>;
  /** The console's last bytes as lines for people. */
  tailText(vmId: VmId, maxBytes: number): Promise<string>;
  /** VMs and their logs go on. At once, but for serial lines of which the hub is the one client: they are left in an orderly way. */
  close(): Promise<void>;
}

export type ConsoleHubDeps = {
  store: Store;
  host: Pick<Host, 'files' | 'sockets'>;
  clock: Clock;
  /** Absolute. */
  dataDir: string;
  log: EngineLog;
  /** Gets `console-gap` events. */
  events: Pick<EventLog, 'record' | 'flush'>;
  /** The most that is kept of each VM's console, at least 7/8 of it (half where the filesystem refuses holes); 16 MiB. */
  retentionBytes?: number;
  /** Between two checks of all running VMs' logs; 5 s. */
  sweepMs?: number;
  timing?: TailTiming;
};

const defaultRetentionBytes = 16 * 1024 * 1024;
const defaultSweepMs = 5000;

export function createConsoleHub(deps: ConsoleHubDeps): ConsoleHub {
  const { store, host, clock, dataDir, log, events } = deps;
  const { retentionBytes = defaultRetentionBytes, sweepMs = defaultSweepMs, timing = defaultTailTiming } = deps;
  const gaps = createGapRecorder({ store, events, log });
  const consoles = new Map<VmId, VmConsole>();
  let timer: Disposable | null = null;
  let beginning: Disposable | null = null;
  let closed = false;

  const open = (vmId: VmId): VmConsole => {
    const known = consoles.get(vmId);
    if (known !== undefined) return known;
    const warn = (message: string, error: unknown) => log.warn(message, { vm: vmId, ...(error === null ? {} : { error: String(error) }) });
    const created = createVmConsole({
      store,
      files: host.files,
      sockets: host.sockets,
      clock,
      dataDir,
      vmId,
      retentionBytes,
      timing,
      warn,
      onGap: (gap) => gaps.note(vmId, gap),
      onIdle: () => letGo(vmId),
    });
    consoles.set(vmId, created);
    return created;
  };
  const letGo = (vmId: VmId) => {
    const vmConsole = consoles.get(vmId);
    if (vmConsole === undefined || !vmConsole.idle()) return;
    consoles.delete(vmId);
    void vmConsole.close();
  };
  const sweep = () => {
    timer = null;
    for (const vmConsole of consoles.values()) if (vmConsole.running()) vmConsole.sweep();
    gaps.retry();
    sweepLater();
  };
  /** Nothing runs, nothing wakes. */
  const sweepLater = () => {
    const wanted = !closed && (gaps.waiting() || [...consoles.values()].some((vmConsole) => vmConsole.running()));
    if (wanted) timer ??= clock.after(sweepMs, sweep);
  };
  const check = (vmId: VmId) => {
    if (closed) throw new MvirtError({ code: 'CANCELLED', message: 'the agent is shutting down' });
    if (store.vms.get(vmId) === null) throw new MvirtError({ code: 'VM_NOT_FOUND', message: `no VM ${vmId}` });
  };
  /** Also when its consumer leaves, or never comes: what was opened for it is let go. */
  const attach: ConsoleService['attach'] = (vmId, { from, signal }) => {
    check(vmId);
    if (from.kind === 'cursor') parseCursor(from.cursor);
    const end = open(vmId).end();
    letGo(vmId);
    return stream(vmId, from, end, signal);
  };
  const stream = async function* (vmId: VmId, from: ConsoleStart, end: ReturnType<VmConsole['end']>, signal: AbortSignal) {
    if (closed || signal.aborted) return;
    check(vmId);
    try {
      yield* open(vmId).stream(from, end, signal);
    } finally {
      letGo(vmId);
    }
  };

  /** One at a time: there may be a thousand, and clients wait. */
  const cutBack = (left: VmId[]): void => {
    const next = left.pop();
    if (closed || next === undefined) return;
    try {
      if (!consoles.has(next) && store.vms.get(next) !== null) {
        open(next);
        letGo(next);
      }
    } catch (error) {
      log.warn('its console log could not be looked at, nor cut back', { vm: next, error: String(error) });
    }
    beginning = left.length === 0 ? null : clock.after(0, () => cutBack(left));
  };

  return {
    begin: () => cutBack(store.vms.names().map(({ id }) => id)),
    attach,
    async write(vmId, bytes, { answering, ...options }) {
      check(vmId);
      const asked = answering === undefined ? {} : { answering: parseCursor(answering) };
      const vmConsole = consoles.get(vmId);
      if (vmConsole === undefined)
        throw new MvirtError({ code: 'WRONG_STATE', message: `VM ${vmId} is not running: its console takes no input`, hint: `mvirt start ${vmId}` });
      await vmConsole.write(bytes, { ...options, ...asked });
    },
    runStarting(vmId, run) {
      open(vmId).runStarting(run);
      sweepLater();
    },
    runStarted(vmId, vmm) {
      open(vmId).runStarted(vmm);
      sweepLater();
    },
    runEnded(vmId) {
      consoles.get(vmId)?.runEnded();
      letGo(vmId);
    },
    removed(vmId) {
      const vmConsole = consoles.get(vmId);
      consoles.delete(vmId);
      vmConsole?.removed();
    },
    async *printed(vmId, from) {
      check(vmId);
      try {
        yield* open(vmId).printed(from);
      } finally {
        letGo(vmId);
      }
    },
    async tailText(vmId, maxBytes) {
      check(vmId);
      try {
        return await open(vmId).tailText(maxBytes);
      } finally {
        letGo(vmId);
      }
    },
    async close() {
      closed = true;
      timer?.[Symbol.dispose]();
      beginning?.[Symbol.dispose]();
      const left = [...consoles.values()].map((vmConsole) => vmConsole.close());
      consoles.clear();
      await Promise.all(left);
    },
  };
}
