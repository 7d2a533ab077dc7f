import type { ActionAnswer, CreatedAnswer, HostDocument, LogLineDocument, SetAnswer, UsageDocument, Vm } from '@mvirt/api/schema';
import type { CreateInput } from '@mvirt/domain';
import type { FolderEntry } from '../forms/own-files.ts';
import type { Agent, AgentAction, ConnectionState, ConsoleFrom, ConsoleNotice, StreamHandlers, VmNotice } from '../stores/agent.ts';

type ConsoleStream = { id: string; from: ConsoleFrom; handlers: StreamHandlers<ConsoleNotice> };

type Call = AgentAction | 'create' | 'set' | 'attachDisk' | 'detachDisk' | 'attachNic' | 'detachNic';

/** An agent of which a test holds all the strings: streams that are open, and calls with their answers. */
export function createFakeAgent() {
  const connections = new Set<(state: ConnectionState) => void>();
  const vmStreams = new Set<StreamHandlers<VmNotice>>();
  const logStreams = new Set<{ id: string; handlers: StreamHandlers<LogLineDocument> }>();
  const consoleStreams = new Set<ConsoleStream>();
  const calls: { action: Call; id: string; input?: unknown }[] = [];
  const typed: { id: string; text: string; answering?: string }[] = [];
  const answers: {
    act: (action: AgentAction, id: string) => Promise<ActionAnswer>;
    create: (input: CreateInput) => Promise<CreatedAnswer>;
    set: (id: string) => Promise<SetAnswer>;
    device: (id: string) => Promise<ActionAnswer>;
    listFolder: (path: string) => Promise<FolderEntry[]>;
    listImages: () => Promise<{ name: string; sizeBytes: number }[]>;
    host: () => Promise<HostDocument>;
    usage: () => Promise<UsageDocument[]>;
  } = {
    act: async (_action, id) => ({ vm: fakeVm({ id }), changed: true, note: null }),
    create: async (input) => ({ vm: fakeVm({ id: 'created', name: input.name ?? null }), warnings: [] }),
    set: async (id) => ({ vm: fakeVm({ id }), warnings: [], note: null }),
    device: async (id) => ({ vm: fakeVm({ id }), changed: true, note: null }),
    listFolder: async () => [],
    listImages: async () => [],
    host: async () => fakeHost(),
    usage: async () => [],
  };
  let state: ConnectionState = { status: 'connected' };

  const hold = <T>(set: Set<T>, each: T) => {
    set.add(each);
    return () => void set.delete(each);
  };
  const device = (action: Call, id: string, input: unknown): Promise<ActionAnswer> => {
    calls.push({ action, id, input });
    return answers.device(id);
  };
  const agent: Agent = {
    onConnection(listener) {
      listener(state);
      return hold(connections, listener);
    },
    watchVms: (handlers) => hold(vmStreams, handlers),
    watchLogs: (id, _tail, handlers) => hold(logStreams, { id, handlers }),
    watchConsole: (id, from, handlers) => hold(consoleStreams, { id, from, handlers }),
    async writeConsole(id, bytes, { answering }) {
      typed.push({ id, text: new TextDecoder().decode(bytes), ...(answering !== undefined && { answering }) });
    },
    host: () => answers.host(),
    usage: async () => ({ reading: 1, whole: true, figures: await answers.usage() }),
    create(input) {
      calls.push({ action: 'create', id: '', input });
      return answers.create(input);
    },
    set(id, change) {
      calls.push({ action: 'set', id, input: change });
      return answers.set(id);
    },
    attachDisk: (id, disk) => device('attachDisk', id, disk),
    detachDisk: (id, path) => device('detachDisk', id, path),
    attachNic: (id, nic) => device('attachNic', id, nic),
    detachNic: (id, mac) => device('detachNic', id, mac),
    listImages: () => answers.listImages(),
    listFolder: (path) => answers.listFolder(path),
    act(action, id) {
      calls.push({ action, id });
      return answers.act(action, id);
    },
  };
  const toConsole = (id: string, notice: ConsoleNotice): void => {
    for (const stream of consoleStreams) if (stream.id === id) stream.handlers.onData(notice);
  };
  return {
    agent,
    calls,
    typed,
    answers,
    consoleStreams,
    logStreams,
    /** Streams and listeners that are open. */
    open: () => connections.size + vmStreams.size + logStreams.size + consoleStreams.size,
    connection(next: ConnectionState): void {
      state = next;
      for (const listener of connections) listener(next);
    },
    lose: (attempts = 1): void =>
      void (() => {
        state = { status: 'lost', attempts, reason: 'no agent answers at /run/mvirt/agent.sock', hint: 'start it with: mvirt agent' };
        for (const listener of connections) listener(state);
        for (const stream of consoleStreams) stream.handlers.onData({ kind: 'interrupted' });
      })(),
    vms(notice: VmNotice): void {
      for (const handlers of vmStreams) handlers.onData(notice);
    },
    log(id: string, line: Partial<LogLineDocument>): void {
      for (const stream of logStreams)
        if (stream.id === id) stream.handlers.onData({ at: '2026-01-02T12:01:03Z', source: 'event', level: 'info', text: '', ...line });
    },
    print: (id: string, text: string | Uint8Array): void =>
      toConsole(id, { kind: 'data', bytes: typeof text === 'string' ? new TextEncoder().encode(text) : text, cursor: 'log:1' }),
    toConsole,
  };
}

export type FakeAgent = ReturnType<typeof createFakeAgent>;

export function fakeVm(some: Partial<Vm>): Vm {
  const id = some.id ?? `id-${some.name}`;
  return {
    id,
    name: some.name ?? id,
    state: 'stopped',
    responsive: true,
    keepRunning: false,
    vcpus: 2,
    memoryBytes: 1024 ** 3,
    maxVcpus: null,
    maxMemoryBytes: null,
    hypervisor: 'qemu',
    pid: null,
    createdAt: '2026-01-02T12:00:00Z',
    startedAt: null,
    lastExit: null,
    kernel: null,
    initramfs: null,
    cmdline: null,
    firmware: null,
    disks: [],
    image: null,
    imageUser: null,
    ownDisk: null,
    nics: [],
    labels: {},
    restart: 'never',
    nextStartAt: null,
    restartAttempts: 0,
    autostart: false,
    autostartOrder: null,
    autostartDelaySeconds: null,
    pending: null,
    unavailable: {},
    ...some,
  };
}

export const fakeHost = (): HostDocument => ({
  hostname: 'lab-1',
  kernelVersion: '6.1.0',
  uptimeSeconds: 1000,
  cpus: 12,
  memoryBytes: 64 * 1024 ** 3,
  availableMemoryBytes: 32 * 1024 ** 3,
  load: [0.42, 0.31, 0.2],
  allocatedCpus: 10,
  allocatedMemoryBytes: 4.5 * 1024 ** 3,
  running: 2,
  vms: 3,
});
