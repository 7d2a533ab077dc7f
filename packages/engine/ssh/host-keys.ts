import { toMvirtError, type VmId } from '@mvirt/domain';
import type { HostKey, PinnedHostKeys, StoredRun, StoredVm } from '@mvirt/store';
import { type Position, toCursor } from '../console-hub/position.ts';
import type { EngineContext } from '../context.ts';
import { needsSeed } from '../seed-image.ts';
import type { ConsoleStart } from '../services.ts';
import { createHostKeyReader, fingerprint, type HostKeyReader } from './host-key-reader.ts';

/**
 * The host keys that guests printed on their consoles, where nobody on the network can change them. Kept from a guest's first boot on:
 * the first that it ever prints; of a VM without a writable disk, which has nothing to keep keys on, those that it printed last.
 */
export interface HostKeys {
  /** Looks at what was printed up to now first. null: the guest has printed none. */
  of(id: VmId): Promise<HostKey[] | null>;
  /** How much longer the guest may take to print them, in ms; 0: it has, or is not known to. */
  dueMs(id: VmId): number;
  /** What is kept counts no more, nor does anything printed before it: what was printed last since then is kept instead. */
  forget(id: VmId): Promise<HostKey[] | null>;
  /** Looks from time to time while a VM boots. */
  start(): void;
  close(): Promise<void>;
}

const lookMs = 5_000;
/** A guest that has printed nothing for so long is looked at again when somebody asks. */
const bootMs = 10 * 60_000;
/** cloud-init prints them at the very end of a first boot, long after the SSH server answers; a guest that is emulated takes minutes for it. */
const printMs = 300_000;

/** How far a VM's console was read. */
type Place = { next: ConsoleStart; reader: HostKeyReader };
type Found = { keys: HostKey[]; cursor: string };

export function createHostKeys(context: EngineContext): HostKeys {
  const { store, consoles, clock, log, events, feed } = context;
  const places = new Map<VmId, Place>();
  const queues = new Map<VmId, Promise<unknown>>();
  let timer: Disposable | null = null;
  let sweeping: Promise<void> | null = null;
  let listening: Disposable | null = null;
  let closed = false;

  const pin = (vm: StoredVm, { keys, cursor }: Found): void => {
    store.transact(() => {
      store.hostKeys.put(vm.id, { keys, cursor, atMs: clock.nowMs() });
      const shown = keys.map((key) => ({ type: key.type, fingerprint: fingerprint(key) }));
      const message = `its guest printed its SSH host keys: ${shown.map((key) => `${key.type} ${key.fingerprint}`).join(', ')}`;
      events.record(vm, { type: 'host-keys', message, detail: { keys: shown } });
    });
    events.flush();
  };

  /** What a VM has printed since it was looked at last. */
  async function* printed(id: VmId, place: Place): AsyncGenerator<Found> {
    for await (const { bytes, at } of consoles.printed(id, place.next)) {
      const cursorAt = (count: number) => toCursor({ ...at, offset: at.offset + count } satisfies Position);
      place.next = { kind: 'cursor', cursor: cursorAt(bytes.length) };
      for (const { keys, bytesTo } of place.reader.push(bytes)) yield { keys, cursor: cursorAt(bytesTo) };
    }
  }

  const look = async (id: VmId): Promise<void> => {
    const vm = store.vms.get(id);
    const run = vm?.run ?? null;
    if (vm === null || run === null || !isOpen(run, store.hostKeys.get(id))) return void places.delete(id);
    const place = places.get(id) ?? { next: startOf(id, run), reader: createHostKeyReader() };
    places.set(id, place);
    try {
      for await (const found of printed(id, place)) {
        pin(vm, found);
        if (!isOpen(run, store.hostKeys.get(id))) return void places.delete(id);
      }
    } catch (thrown) {
      places.delete(id); // the next time from what is stored
      throw thrown;
    }
  };

  /** Where a VM's keys are looked for first: behind what is known, or in all that is kept; what an earlier run in memory printed is over. */
  function startOf(id: VmId, run: StoredRun): ConsoleStart {
    const known = store.hostKeys.get(id);
    if (known !== null) return { kind: 'cursor', cursor: known.cursor };
    const console = keepsKeys(run) ? null : store.consoles.get(id);
    const begun = console?.runs.findLast(({ runId }) => runId === run.runId);
    return !console || !begun ? { kind: 'all' } : { kind: 'cursor', cursor: toCursor({ logId: console.logId, offset: begun.offset }) };
  }

  const forget = async (id: VmId): Promise<void> => {
    const vm = store.vms.get(id);
    places.delete(id);
    if (vm === null || vm.run === null) return;
    const place: Place = { next: startOf(id, vm.run), reader: createHostKeyReader() };
    let last: Found | null = null;
    for await (const found of printed(id, place)) last = found;
    if (last !== null) return pin(vm, last);
    const cursor = place.next.kind === 'cursor' ? place.next.cursor : null;
    if (cursor === null) store.hostKeys.remove(id);
    else store.hostKeys.put(id, { keys: [], cursor, atMs: clock.nowMs() });
  };

  /** One at a time for each VM: who comes meanwhile looks again, at what was printed since. */
  const inTurn = async (id: VmId, work: (id: VmId) => Promise<void>): Promise<void> => {
    const before = queues.get(id) ?? Promise.resolve();
    const mine = before.then(
      () => work(id),
      () => work(id),
    );
    queues.set(id, mine);
    try {
      await mine;
    } finally {
      if (queues.get(id) === mine) queues.delete(id);
    }
  };

  const boots = (vm: StoredVm): boolean =>
    vm.run?.live === true && vm.run.nics.length > 0 && clock.nowMs() - vm.run.startedAtMs < bootMs && isOpen(vm.run, store.hostKeys.get(vm.id));

  const sweep = async (): Promise<void> => {
    const booting = store.vms.list().filter(boots);
    for (const { id } of booting) {
      await inTurn(id, look).catch((thrown: unknown) => {
        log.warn("its console could not be searched for its guest's host keys", { vm: id, error: toMvirtError(thrown).message });
      });
    }
    if (booting.length > 0) arm();
  };
  const arm = (): void => {
    if (closed || timer !== null) return;
    timer = clock.after(lookMs, () => {
      timer = null;
      sweeping = sweep();
    });
  };

  const keysOf = (id: VmId): HostKey[] | null => {
    const keys = store.hostKeys.get(id)?.keys ?? [];
    return keys.length === 0 ? null : keys;
  };

  return {
    async of(id) {
      await inTurn(id, look);
      return keysOf(id);
    },
    dueMs(id) {
      const vm = store.vms.get(id);
      if (!vm?.run?.live || !needsSeed(vm.spec) || store.hostKeys.get(id) !== null) return 0;
      return Math.max(0, vm.run.startedAtMs + printMs - clock.nowMs());
    },
    async forget(id) {
      await inTurn(id, forget);
      return keysOf(id);
    },
    start() {
      listening = feed.listen(null, ({ id, kind }) => {
        if (kind === 'removed') places.delete(id);
        const vm = timer === null ? store.vms.get(id) : null;
        if (vm !== null && boots(vm)) arm();
      });
      if (store.vms.list().some(boots)) arm();
    },
    async close() {
      closed = true;
      listening?.[Symbol.dispose]();
      timer?.[Symbol.dispose]();
      await sweeping;
    },
  };
}

/** Whether keys that are printed now are taken. */
const isOpen = (run: StoredRun, known: PinnedHostKeys | null): boolean => known === null || known.keys.length === 0 || !keepsKeys(run);

const keepsKeys = ({ disks }: StoredRun): boolean => disks.some(({ readonly }) => !readonly);
