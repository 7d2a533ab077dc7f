import { type Clock, MvirtError, type VmId } from '@mvirt/domain';
import type { HostFiles, HostSockets } from '@mvirt/host';
import type { Vmm } from '@mvirt/hypervisor';
import type { Store } from '@mvirt/store';
import type { Printed } from '../context.ts';
import { runDirOf } from '../run-dir.ts';
import type { ConsoleMessage, ConsoleStart } from '../services.ts';
import { streamConsole } from './attachment.ts';
import { createConsoleLog } from './console-log.ts';
import { createFileTail, type FileTail, type TailTiming } from './file-tail.ts';
import { type ConsoleGap, createGapWatch, type GapWatch } from './gap-watch.ts';
import { createInputLine, type InputLine } from './input-line.ts';
import { plainText } from './plain-text.ts';
import type { Position } from './position.ts';
import { type RawSocket, serveRawSocket } from './raw-socket.ts';
import { createRetention } from './retention.ts';
import { createSerialClient, type SerialClient } from './serial-client.ts';
import { startPosition } from './start-position.ts';

export type VmConsoleDeps = {
  store: Pick<Store, 'consoles'>;
  files: HostFiles;
  sockets: Pick<HostSockets, 'untakenOn'>;
  clock: Clock;
  dataDir: string;
  vmId: VmId;
  retentionBytes: number;
  timing: TailTiming;
  warn: (message: string, error: unknown) => void;
  onGap: (gap: ConsoleGap) => void;
  /** A run is over that took a moment to end. */
  onIdle: () => void;
};

/** All that the hub keeps of one VM while it runs or somebody looks at it. */
export interface VmConsole {
  /** Neither running nor looked at: may be closed. */
  idle(): boolean;
  running(): boolean;
  end(): Position;
  stream(from: ConsoleStart, end: Position, signal: AbortSignal): AsyncGenerator<ConsoleMessage>;
  write(bytes: Uint8Array, options: { signal?: AbortSignal; answering?: Position }): Promise<void>;
  /** What is there now, from a place on. */
  printed(from: ConsoleStart): AsyncGenerator<Printed>;
  tailText(maxBytes: number): Promise<string>;
  /** The slow check: growth, retention, gaps, and what is to be stored. */
  sweep(): void;
  runStarting(run: { runId: string; runDir: string }): void;
  runStarted(vmm: Vmm): void;
  runEnded(): void;
  /** The VM is gone: streams end with VM_NOT_FOUND. */
  removed(): void;
  /** At once, but for a line that takes a moment to be left. */
  close(): Promise<void>;
}

const printedBytes = 64 * 1024;

export function createVmConsole({ store, files, sockets, clock, dataDir, vmId, retentionBytes, timing, warn, onGap, onIdle }: VmConsoleDeps): VmConsole {
  const directory = runDirOf(dataDir, vmId);
  const log = createConsoleLog({ store, files, clock, warn, vmId, directory });
  const retention = createRetention({ log, clock, retentionBytes, warn });
  const stop = new AbortController();
  let running = false;
  let readers = 0;
  let tail: FileTail | null = null;
  let input: InputLine | null = null;
  let serial: SerialClient | null = null;
  let finish: (() => void) | null = null;
  let raw: RawSocket | null = null;
  let gaps: GapWatch | null = null;
  /** Behind the last question that was answered. */
  let answered: Position | null = null;

  const look = () => {
    const changed = log.look();
    if (changed) retention.enforce();
    return changed;
  };
  const end = () => {
    look();
    return log.newest();
  };
  /** Watched exactly while there is something to see and somebody who looks. */
  const follow = () => {
    const wanted = running && readers > 0 && !stop.signal.aborted;
    if (wanted) tail ??= createFileTail({ files, clock, path: log.path, timing, look });
    else {
      tail?.[Symbol.dispose]();
      tail = null;
    }
    if (readers === 0) log.rest();
  };
  const reading = async function* <T>(work: () => AsyncGenerator<T>): AsyncGenerator<T> {
    readers += 1;
    look();
    follow();
    try {
      yield* work();
    } finally {
      readers -= 1;
      follow();
    }
  };
  const begin = () => {
    running = true;
    gaps ??= createGapWatch(clock.nowMs());
    look();
    follow();
    log.wakeup.wake();
  };
  const endInput = () => {
    input?.close();
    input = null;
    serial = null;
  };
  /** The VMM's own serial.sock: nobody else may listen there during this run. */
  const readSerial = (socketPath: string) => {
    serial = createSerialClient({ clock, files, sockets, socketPath, logPath: log.path, vmId, warn, onGrowth: () => stop.signal.aborted || look() });
    return serial;
  };
  const told = (gap: ConsoleGap | null | undefined) => {
    if (gap) onGap(gap);
  };
  const attach = async function* (from: ConsoleStart, end: Position, signal: AbortSignal): AsyncGenerator<ConsoleMessage> {
    const either = AbortSignal.any([signal, stop.signal]);
    yield* streamConsole({ log, running: () => running, from, end, signal: either });
    if (stop.signal.reason instanceof MvirtError && !signal.aborted) throw stop.signal.reason;
  };
  const stream: VmConsole['stream'] = (from, end, signal) => reading(() => attach(from, end, signal));
  const printed: VmConsole['printed'] = (from) =>
    reading(async function* () {
      const end = log.newest();
      let position = await startPosition(log, from, end);
      while (position.logId !== end.logId || position.offset < end.offset) {
        const room = position.logId === end.logId ? end.offset - position.offset : printedBytes;
        const chunk = await log.read(position, Math.min(printedBytes, room));
        if (chunk.kind === 'end') return;
        if (chunk.kind === 'data') yield { bytes: chunk.bytes, at: position };
        position = chunk.kind === 'moved' ? chunk.to : { ...position, offset: position.offset + chunk.bytes.length };
      }
    });
  const notRunning = () =>
    new MvirtError({ code: 'WRONG_STATE', message: `VM ${vmId} is not running: its console takes no input`, hint: `mvirt start ${vmId}` });
  const write: VmConsole['write'] = async (bytes, { answering, ...options }) => {
    if (input === null) throw notRunning();
    if (answering !== undefined && !isFirstAnswer(answering)) return;
    const written = input.write(bytes, options);
    tail?.hurry();
    await written;
  };
  /** Every viewer's terminal answers what the guest asks; one answer is typed into the guest. */
  const isFirstAnswer = (to: Position) => {
    if (answered !== null && answered.logId === to.logId && to.offset <= answered.offset) return false;
    answered = to;
    return true;
  };
  const serveRaw = () => {
    try {
      return serveRawSocket({
        clock,
        files,
        directory,
        warn,
        attach: (signal) => stream({ kind: 'live' }, end(), signal),
        write: (bytes, signal) => write(bytes, { signal }),
      });
    } catch (error) {
      warn('its serial.sock is not served', error);
      return null;
    }
  };
  const close = async (reason?: MvirtError) => {
    const left = serial?.leave();
    stop.abort(reason);
    raw?.[Symbol.dispose]();
    raw = null;
    endInput();
    follow();
    log.wakeup.wake();
    log.close();
    await left;
  };

  // A log that grew while no agent was there is cut back before anybody is served.
  retention.enforce();
  log.save();

  return {
    idle: () => !running && readers === 0,
    running: () => running,
    end,
    stream,
    write,
    printed,
    async tailText(maxBytes) {
      const parts: Uint8Array[] = [];
      for await (const { bytes } of printed({ kind: 'tail', bytes: maxBytes })) parts.push(bytes);
      return plainText(Buffer.concat(parts));
    },
    sweep() {
      look();
      retention.enforce();
      const record = log.record();
      if (record !== null) {
        told(gaps?.check({ atMs: clock.nowMs(), size: record.knownSize, blockBytes: log.blockBytes(), freeBytes: () => files.freeBytes(directory) }));
      }
      log.save();
    },
    runStarting(run) {
      finish?.();
      log.beginRun(run);
      begin();
    },
    runStarted(vmm) {
      endInput();
      const own = vmm.serialSocket;
      input = own === undefined ? createInputLine({ vmId, open: () => vmm.openInput() }) : readSerial(own);
      begin();
      if (own === undefined) raw ??= serveRaw();
    },
    runEnded() {
      const over = () => {
        if (finish !== over) return;
        finish = null;
        log.endRun();
        running = false;
        endInput();
        told(gaps?.end(clock.nowMs()));
        gaps = null;
        follow();
        log.wakeup.wake();
        raw?.end();
        raw = null;
        onIdle();
      };
      finish = over;
      if (serial === null) over();
      // What the VMM printed last may still be on its way.
      else void serial.end().then(over);
    },
    removed() {
      log.disown();
      running = false;
      void close(new MvirtError({ code: 'VM_NOT_FOUND', message: `VM ${vmId} was deleted` }));
    },
    close,
  };
}
