import { PassThrough } from 'node:stream';
import { asVmId, type LifecycleEvent, MvirtError, newCondition, type VmId } from '@mvirt/domain';
import type { ActionResult, ConsoleMessage, Services, VmChangeNotice, VmSnapshot } from '@mvirt/engine';
import { vmSpec } from './vm-spec.ts';

/** Services in memory for tests of the door: each answers with what the test put in, and keeps what it was asked. */
export type DoubleServices = Services & {
  vmsById: Map<VmId, VmSnapshot>;
  stored: LifecycleEvent[];
  /** What consoles.write was given. */
  typed: Uint8Array[];
  /** The guest prints. */
  print(bytes: Uint8Array): void;
  append(type?: LifecycleEvent['type']): LifecycleEvent;
  /** Actions and waits that have not been answered, by name; each ends with its signal. */
  waiting: Set<string>;
  /** Streams that are being read. */
  streams: number;
  failWith(error: unknown): void;
};

const noCapability = { pause: null, reboot: null, hotplugDisk: null, hotplugNic: null, resize: null, snapshot: null, blockStats: null };

export function doubleVm(id: string, name: string | null = null): VmSnapshot {
  return {
    id: asVmId(id),
    name,
    spec: vmSpec({ memoryMib: 512, kernel: '/boot/vmlinuz' }),
    pendingSpec: null,
    condition: newCondition(),
    hypervisor: 'qemu',
    capabilities: noCapability,
    pid: null,
    nics: [],
    createdAtMs: 1_700_000_000_000,
    startedAtMs: null,
    endedAtMs: null,
    revision: 1,
  };
}

export function doubleServices(): DoubleServices {
  const vmsById = new Map<VmId, VmSnapshot>();
  const stored: LifecycleEvent[] = [];
  const typed: Uint8Array[] = [];
  const waiting = new Set<string>();
  const changes = createSignal();
  let console = new Uint8Array();
  let failure: unknown = null;
  const fail = () => {
    const thrown = failure;
    failure = null;
    if (thrown !== null) throw thrown;
  };
  const get = (id: VmId): VmSnapshot => {
    const vm = vmsById.get(id);
    if (!vm) throw new MvirtError({ code: 'VM_NOT_FOUND', message: `no VM ${id}` });
    return vm;
  };
  const act = async (id: VmId): Promise<ActionResult> => {
    fail();
    return { vm: get(id), changed: true, note: null };
  };
  const made = ({ id = 'new', name = null }: { id?: string | undefined; name?: string | null | undefined }) => {
    const vm = doubleVm(id, name);
    vmsById.set(vm.id, vm);
    changes.fire();
    return { vm, warnings: [] };
  };
  const never = async (name: string, signal: AbortSignal | undefined): Promise<never> => {
    waiting.add(name);
    try {
      return await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));
    } finally {
      waiting.delete(name);
    }
  };
  async function* following<T>(signal: AbortSignal, next: () => Iterable<T>): AsyncGenerator<T> {
    services.streams += 1;
    try {
      while (!signal.aborted) {
        const turn = changes.turn();
        yield* next();
        await changes.after(turn, signal);
      }
    } finally {
      services.streams -= 1;
    }
  }
  const services: DoubleServices = {
    vmsById,
    stored,
    typed,
    waiting,
    streams: 0,
    failWith: (error) => {
      failure = error;
    },
    print(bytes) {
      console = Uint8Array.from(Buffer.concat([console, bytes]));
      changes.fire();
    },
    append(type = 'changed') {
      const event: LifecycleEvent = { seq: stored.length + 1, atMs: 1_700_000_000_000, vmId: 'vm-1', vmName: null, type, message: type, detail: {} };
      stored.push(event);
      changes.fire();
      return event;
    },
    vms: {
      list: () => {
        fail();
        return [...vmsById.values()];
      },
      get,
      resolve: (reference) => get([...vmsById.values()].find((vm) => vm.name === reference)?.id ?? asVmId(reference)).id,
      create: async (input) => made(input),
      createFromContract: async (input) => made(input),
      set: async (id) => ({ vm: get(id), warnings: [], note: null }),
      start: act,
      stop: (_, { signal }) => never('stop', signal),
      kill: act,
      drain: async () => [],
      reboot: act,
      pause: act,
      resume: act,
      delete: async (id) => ({ ...(await act(id)), disks: { removed: [], kept: [] } }),
      attachDisk: act,
      detachDisk: act,
      attachNic: act,
      detachNic: act,
      wait: (_, state, { signal }) => never(`wait ${state}`, signal),
      watch: ({ signal }) => following<VmChangeNotice>(signal, () => [{ kind: 'snapshot', vms: [...vmsById.values()] }]),
      blockStats: async () => [],
    },
    events: {
      watch: ({ since, signal }) => {
        let seq = since ?? stored.length;
        return following(signal, function* () {
          for (const event of stored.filter((candidate) => candidate.seq > seq)) {
            seq = event.seq;
            yield event;
          }
        });
      },
      read: ({ since, limit }) => (since === null ? stored.slice(-limit) : stored.filter((event) => event.seq > since).slice(0, limit)),
      lastSeq: () => stored.length,
      droppedTo: () => 0,
      milestones: ({ signal }) => following(signal, () => []),
    },
    logs: { read: () => [], watch: (_, { signal }) => following(signal, () => []) },
    consoles: {
      attach: (_, { from, signal }) => {
        let offset = from.kind === 'cursor' ? Number(from.cursor.split(':')[1]) : from.kind === 'live' ? console.length : 0;
        return following<ConsoleMessage>(signal, function* () {
          while (offset < console.length) {
            const bytes = console.slice(offset, offset + 65_536);
            offset += bytes.length;
            yield { kind: 'data', bytes, cursor: `log:${offset}` };
          }
          yield { kind: 'live', cursor: `log:${offset}` };
        });
      },
      write: async (_, bytes) => {
        typed.push(bytes);
      },
    },
    ssh: {
      target: async (id) => ({ vmId: id, vmName: get(id).name, address: '10.9.0.7', user: null, hostKeys: null, keysDueMs: 0 }),
      forgetHostKeys: async () => null,
      // Says what it hears.
      connect: async (id) => {
        get(id);
        return new PassThrough();
      },
    },
    networks: {
      list: () => [],
      get: (name) => {
        throw new MvirtError({ code: 'NETWORK_NOT_FOUND', message: `network ${name} not found` });
      },
      create: () => {
        throw new Error('no networks in this double');
      },
      remove: () => {
        throw new Error('no networks in this double');
      },
    },
    images: {
      list: () => [],
      get: (name) => {
        throw new MvirtError({ code: 'IMAGE_NOT_FOUND', message: `image ${name} not found` });
      },
      remove: () => {
        throw new Error('no images in this double');
      },
      beginImport: () => {
        throw new Error('no images in this double');
      },
      followImport: async () => {},
      writeImport: async (_, { offset }) => offset,
      finishImport: () => {
        throw new Error('no images in this double');
      },
      cancelImport: async () => {},
    },
    host: {
      info: () => {
        throw new Error('no figures in this double');
      },
      systemInfo: async () => {
        throw new Error('no figures in this double');
      },
      usage: () => ({ reading: 1, whole: true, figures: [] }),
      hypervisors: async () => [],
      listFolder: async () => [],
    },
  };
  return services;
}

/** Wakes those who wait for a change after the turn they have seen. */
function createSignal() {
  let turns = 0;
  const sleepers = new Set<() => void>();
  return {
    turn: () => turns,
    fire() {
      turns += 1;
      for (const wake of [...sleepers]) wake();
    },
    async after(turn: number, signal: AbortSignal) {
      if (turns !== turn || signal.aborted) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          sleepers.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        sleepers.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    },
  };
}
