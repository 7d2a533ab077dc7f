import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { CallOptions, Vmm } from '../driver.ts';
import { createFacts } from '../facts.ts';
import { foreignSocket } from '../foreign-socket.ts';
import { createResizing } from '../resizing.ts';
import { createResponsiveness } from '../responsiveness.ts';
import { sockets } from '../run-files.ts';
import type { VmmDeps } from '../vmm-deps.ts';
import { watchVmm } from '../vmm-watch.ts';
import { type ApiLink, createApiLink } from './api-link.ts';
import { createDevices } from './devices.ts';
import { settleCloudHypervisor } from './ending.ts';
import type { EventFile } from './event-file.ts';
import type { EventFact } from './events.ts';
import { NotListening } from './exchange.ts';
import { createForeignView, type ForeignView, foreignLine } from './foreign-view.ts';
import { createLastAct } from './last-act.ts';
import { ApiRefusal, asMvirt } from './refusal.ts';
import { anything, countersReply, type Info, infoReply } from './replies.ts';
import { filesOf } from './run-files.ts';
import { createSizeHand } from './size-hand.ts';

export type CloudHypervisorVmm = Vmm & {
  readonly link: ApiLink;
  /** Reads what the events file has of it, now. */
  drain(): boolean;
  /** Its guest runs: from now on a machine that is off means that the guest powered off. */
  booted(): void;
  /** Reads its state once, within that time; what it missed to say is told, and so is its silence. */
  look(options: { timeoutMs: number; signal: AbortSignal }): Promise<void>;
  /** Resolves when the process has ended. */
  readonly gone: Promise<void>;
  hasGone(): boolean;
};

/** A big guest's memory takes a moment to be let go of and made anew. */
const rebootMs = 10_000;
const lookMs = 3000;
/** From an answer to the event of it, on a busy host. */
const eventMs = 250;

/** One cloud-hypervisor as one agent sees it: requests over api.sock, facts from the events file, its end from the kernel. */
export function createCloudHypervisorVmm({ host, clock, watchdog, run, events }: VmmDeps<EventFile>): CloudHypervisorVmm {
  const { process } = run;
  const facts = createFacts();
  const leaving = new AbortController();
  const { answered, silent, heard } = createResponsiveness(facts);
  let isBooted = false;
  let looking = false;
  let settled = true;
  let lateEvent: Disposable | null = null;

  const left = (device: string): void => {
    const name = devices.removed(device);
    if (name !== null) facts.tell({ kind: 'device-removed', device: name });
  };

  const tell = (fact: EventFact): void => {
    if (fact.kind === 'device-removed') left(fact.device);
    else facts.tell(fact);
    // A reset completes removals and says nothing of them. Where it fails, the next look finds the same.
    if (fact.kind === 'guest-reset') void settleAll({ signal: leaving.signal }).catch(() => {});
  };

  const drain = (): boolean => {
    const isNew = events.drain(tell);
    const { off, panicked, vmmEnded } = events.state();
    if (isBooted && !vmmEnded && (off || panicked)) lastAct.begin();
    return isNew;
  };

  const onAnswer = (): void => {
    answered();
    drain();
  };

  const serialSocket = foreignLine(run);
  const view = run.foreign ? createForeignView(serialSocket) : null;
  const socketPath = run.foreign ? foreignSocket(run.runDir, run.foreign.apiSocket) : join(run.runDir, sockets.api);
  const link = createApiLink({ socketPath, files: host.files, clock, onAnswer, onSilence: silent });
  // Ids of another daemon's devices are its own: they are learned from the VMM.
  const plugged = view === null ? { disks: run.disks, nics: run.nics } : { disks: [], nics: [] };
  const devices = createDevices({ link, clock, ...plugged, onLeft: left });
  const resizing = createResizing({ hand: createSizeHand(link), clock, known: run.size ?? null, onResized: (size) => facts.tell({ kind: 'resized', size }) });
  const lastAct = createLastAct({ host, clock, link, process, events, signal: leaving.signal });

  const settleAll = async (options: CallOptions): Promise<void> => {
    await devices.settle(options);
    if (run.size !== undefined) await resizing.settle(options);
  };

  /** Its own guest's power-off ends such a VMM: one whose machine is off was told so by somebody, and is of no more use. */
  const meet = (info: Info, { seen }: ForeignView): void => {
    devices.learn(info);
    for (const fact of seen(info)) tell(fact);
    if (info.state === 'Created') lastAct.powerOff({ signal: leaving.signal }).catch(() => {});
  };

  const look: CloudHypervisorVmm['look'] = async ({ timeoutMs, signal }) => {
    try {
      const info = await link.get('vm.info', infoReply, { timeoutMs, signal });
      if (view !== null) meet(info, view);
      // The event of it may have been lost on a full disk.
      else if (isBooted && info.state === 'Created' && !events.state().off) {
        events.note({ ...events.state(), off: true });
        drain();
      }
      settled = false;
      // One deadline for all that is asked here: a slow VMM must hold up no agent that starts. The next look goes on.
      await settleAll({ signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) });
      settled = true;
    } catch (error) {
      // What it refuses is an answer as well; a time-out was told by the call.
      if (error instanceof NotListening && !lastAct.begun()) silent();
    }
  };

  /** At most one look at a time. */
  const lookAfter = async (): Promise<void> => {
    drain();
    if ((heard() && view === null && !resizing.pending() && settled) || looking) return;
    looking = true;
    await look({ timeoutMs: lookMs, signal: leaving.signal });
    looking = false;
  };

  const settle = async (): Promise<void> => {
    link.close();
    drain();
    const cause = await settleCloudHypervisor(host, run, events.state(), {});
    watch[Symbol.dispose]();
    lateEvent?.[Symbol.dispose]();
    facts.tell({ kind: 'ended', cause });
  };

  const eventsPath = join(run.runDir, filesOf(run).eventsOut);
  const watch = watchVmm({ host, clock, watchdog, process, eventsPath, drain, lookAfter: () => void lookAfter(), onEnd: () => void settle() });

  /** Asks first whether it answers: a request that it found when it wakes from a hang might still be obeyed. */
  const act = async (resource: string, { signal }: CallOptions, { done, timeoutMs }: { done?: RegExp; timeoutMs?: number } = {}): Promise<void> => {
    const options = signal ? { signal } : {};
    await link.get('vmm.ping', anything, options);
    try {
      await link.put(resource, null, { ...options, ...(timeoutMs ? { timeoutMs } : {}) });
    } catch (error) {
      if (!(done && error instanceof ApiRefusal && error.says(done))) throw error;
    }
  };

  /** Where no event says what came of it, it is looked for. */
  const thenLook = async (work: Promise<void>): Promise<void> => {
    await work;
    if (view !== null) await look({ timeoutMs: lookMs, signal: leaving.signal });
  };

  /** What it did is known, also where its event never comes: a full disk may have swallowed it. */
  const paused = async (work: Promise<void>, now: boolean): Promise<void> => {
    await thenLook(work);
    lateEvent?.[Symbol.dispose]();
    lateEvent = clock.after(eventMs, () => {
      drain();
      if (view !== null || events.state().paused === now) return;
      events.note({ ...events.state(), paused: now });
      facts.tell({ kind: now ? 'guest-paused' : 'guest-resumed' });
    });
  };

  const words = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      if (error instanceof NotListening) throw notListening(error);
      throw asMvirt(error);
    });

  return {
    process,
    link,
    drain,
    look,
    booted() {
      isBooted = true;
    },
    gone: watch.gone,
    hasGone: watch.hasGone,
    listen: facts.listen,
    async status({ signal }) {
      const { state } = await words(link.get('vm.info', infoReply, signal ? { signal } : {}));
      if (state === 'Running') return 'running';
      if (state === 'Paused') return 'paused';
      throw new MvirtError({ code: 'HYPERVISOR_ERROR', message: "the guest's machine is off" });
    },
    pressPowerButton: (options) => words(act('vm.power-button', options)),
    pause: (options) => words(paused(act('vm.pause', options, { done: /InvalidStateTransition\(Paused, Paused\)/ }), true)),
    resume: (options) => words(paused(act('vm.resume', options, { done: /InvalidStateTransition\(Running, Running\)/ }), false)),
    reset: (options) => words(thenLook(act('vm.reboot', options, { timeoutMs: rebootMs }))),
    powerOff: (options) => words(lastAct.powerOff(options)),
    attachDisk: (disk, options) => words(devices.attachDisk(disk, options)),
    detachDisk: (path, options) => words(devices.detachDisk(path, options)),
    attachNic: (nic, options) => words(devices.attachNic(nic, options)),
    detachNic: (mac, options) => words(devices.detachNic(mac, options)),
    resize: (size, options) => words(resizing.resize(size, options)),
    async blockStats({ signal }) {
      const counters = await words(link.get('vm.counters', countersReply, signal ? { signal } : {}));
      return [...devices.disks()].flatMap(([device, path]) => {
        const figures = counters[device];
        if (figures === undefined) return [];
        const { read_bytes: readBytes, write_bytes: writeBytes, read_ops: readOperations, write_ops: writeOperations } = figures;
        return [{ path, readBytes, writeBytes, readOperations, writeOperations }];
      });
    },
    ...(serialSocket === null ? {} : { serialSocket }),
    openInput: () => (view === null ? host.vmms.openInput({ runDir: run.runDir, input: 'pty', process }) : Promise.reject(noInput())),
    close() {
      leaving.abort();
      lateEvent?.[Symbol.dispose]();
      facts.close();
      link.close();
      lastAct[Symbol.dispose]();
      watch[Symbol.dispose]();
    },
  };
}

const noInput = (): MvirtError =>
  new MvirtError({
    code: 'CONSOLE_READ_ONLY',
    message: 'the console takes no input: the daemon that started this VMM has it write its serial line into a file',
    hint: 'stop the VM and start it again: mvirt stop VM, mvirt start VM',
  });

const notListening = (cause: unknown): MvirtError =>
  new MvirtError({ code: 'HYPERVISOR_UNRESPONSIVE', message: 'nobody listens on the api.sock of cloud-hypervisor', cause });
