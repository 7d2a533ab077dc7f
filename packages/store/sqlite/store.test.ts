import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { exitCause, MvirtError, newCondition, observedStates } from '@mvirt/domain';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import type { Store } from '../port.ts';
import { createSqliteStore } from './store.ts';
import { testRun, testSpec, testVm } from './testing/test-vm.ts';

const day = 86_400_000;
let nowMs = 100 * day;
let dir: TempDir;
let store: Store;

const open = (): Store => createSqliteStore({ dataDir: dir.join('data'), clock: () => nowMs });

function reopen(): void {
  store.close();
  store = open();
}

beforeEach(() => {
  nowMs = 100 * day;
  dir = tempDir('store');
  store = open();
});

afterEach(() => {
  store.close();
  dir[Symbol.dispose]();
});

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof MvirtError) return thrown.code;
    throw thrown;
  }
  return 'nothing was thrown';
}

/** A VM with something in every field. */
const rich = () =>
  testVm('rich', {
    name: null,
    spec: testSpec({
      vcpus: 4,
      bootMode: 'disk',
      kernel: null,
      firmware: '/fw/OVMF.fd',
      disks: [
        { path: '/a', readonly: true, format: 'qcow2' },
        { path: '/b.qcow2', readonly: false, format: 'raw' },
      ],
      nics: [
        { tap: 'tap0', mac: '52:54:00:00:00:01', vhostSocket: null, network: null },
        { tap: null, mac: null, vhostSocket: '/run/vhost', network: null },
      ],
      userData: '#cloud-config\nü: "\'; DROP TABLE vms; --"\n',
      nestedVirt: true,
      ownDisk: { image: 'debian-12', user: 'debian', path: '/b.qcow2', overlay: true },
      sshKeys: ['ssh-ed25519 AAAA me'],
      labels: { team: 'a' },
      hypervisor: 'qemu',
    }),
    unknownKeys: { future: { deep: [1, null] } },
    condition: {
      observed: 'stopping',
      wanted: 'stopped',
      responsive: false,
      stop: { by: 'stop', deadlineAtMs: 77, poweringOff: true },
      cause: exitCause('vmm-signal', 'VMM ended by signal SIGKILL', { signal: 'SIGKILL', consoleTail: 'bye\n' }),
      restart: { attempts: 3, dueAtMs: 88 },
    },
    pendingSpec: testSpec({ vcpus: 8 }),
    createdAtMs: 1_234_567,
    startedAtMs: 2_345_678,
    endedAtMs: 3_456_789,
    run: testRun('rich', { disks: [{ path: '/a', readonly: true, format: 'qcow2' }], nics: [{ index: 1, tap: 'mvirt-0', mac: '52:54:00:00:00:02' }] }),
  });

describe('VMs', () => {
  test('every field comes back, also after a reopen', () => {
    const inserted = store.vms.insert(rich());
    expect(inserted).toEqual({ ...rich(), revision: 1 });
    expect(store.vms.get('rich')).toEqual(inserted);
    reopen();
    expect(store.vms.get('rich')).toEqual(inserted);
    expect(store.vms.list()).toEqual([inserted]);
  });

  test('an id that exists is refused, and the VM that has it stays as it was', () => {
    const first = store.vms.insert(testVm('a', { name: 'first' }));
    expect(codeOf(() => store.vms.insert(testVm('a', { name: 'second' })))).toBe('ID_TAKEN');
    expect(store.vms.list()).toEqual([first]);
  });

  test('newest first; within one second the last inserted first', () => {
    store.vms.insert(testVm('old', { createdAtMs: 1_000_900 }));
    store.vms.insert(testVm('newest', { createdAtMs: 9_000_000 }));
    store.vms.insert(testVm('same-second', { createdAtMs: 1_000_100 }));
    expect(store.vms.list().map((vm) => vm.id as string)).toEqual(['newest', 'same-second', 'old']);
  });

  test('who lives, and what each is called, are as in the whole list', () => {
    for (const [at, observed] of observedStates.entries()) {
      const vm = store.vms.insert(testVm(observed, { name: at === 0 ? null : `vm-${at}`, createdAtMs: at * 1000 }));
      store.vms.update(vm.id, { condition: { ...newCondition(), observed } });
    }
    const all = store.vms.list();
    expect(store.vms.names()).toEqual(all.map(({ id, name }) => ({ id, name })));
    expect(store.vms.live()).toEqual(all.flatMap(({ id, condition }) => (condition.observed === 'stopped' ? [] : [id])));
    expect(store.vms.live()).toHaveLength(observedStates.length - 1);
  });

  test('names need not be unique and are found exactly', () => {
    store.vms.insert(testVm('a', { name: 'web' }));
    store.vms.insert(testVm('b', { name: 'web' }));
    store.vms.insert(testVm('c', { name: 'Web' }));
    store.vms.insert(testVm('d', { name: null }));
    expect(store.vms.findByName('web').map((vm) => vm.id as string)).toEqual(['b', 'a']);
    expect(store.vms.findByName("' OR 1=1 --")).toEqual([]);
  });

  test('an update changes what it names, raises the revision, and is there after a reopen', () => {
    const before = store.vms.insert(rich());
    const condition = { ...newCondition(), observed: 'paused', wanted: 'running' } as const;
    const after = store.vms.update('rich', { condition, pendingSpec: null, name: 'named' });
    expect(after).toEqual({ ...before, condition, pendingSpec: null, name: 'named', revision: 2 });
    reopen();
    expect(store.vms.get('rich')).toEqual(after);
    expect(store.vms.update('rich', {})).toEqual({ ...after, revision: 3 });
  });

  test('each field can be updated alone', () => {
    const target = rich();
    const plain = testVm('rich');
    const { id, createdAtMs: _, ...fields } = target;
    for (const key of Object.keys(fields) as (keyof typeof fields)[]) {
      const before = store.vms.insert(plain);
      expect(store.vms.update(id, { [key]: target[key] })).toEqual({ ...before, [key]: target[key], revision: 2 });
      expect(store.vms.get(id)).toEqual({ ...before, [key]: target[key], revision: 2 });
      store.vms.remove(id);
    }
  });

  test('a list shows what changed since the one before, and not what was rolled back', () => {
    store.vms.insert(testVm('a'));
    const vcpus = () => store.vms.list().map((vm) => vm.spec.vcpus);
    expect(vcpus()).toEqual([1]);
    store.vms.update('a', { spec: testSpec({ vcpus: 2 }) });
    expect(vcpus()).toEqual([2]);
    const undone = () => {
      store.vms.update('a', { spec: testSpec({ vcpus: 3 }) });
      expect(vcpus()).toEqual([3]);
      throw new Error('undone');
    };
    expect(() => store.transact(undone)).toThrow('undone');
    expect(vcpus()).toEqual([2]);
    store.vms.update('a', { spec: testSpec({ vcpus: 2, labels: { only: 'ours' } }) });
    expect(store.vms.list()[0]?.spec.labels).toEqual({ only: 'ours' });
  });

  test('a new spec keeps the keys that nobody knows', () => {
    store.vms.insert(rich());
    const { spec, unknownKeys } = store.vms.update('rich', { spec: testSpec({ vcpus: 3 }) });
    expect(spec).toEqual(testSpec({ vcpus: 3 }));
    expect(unknownKeys).toEqual(rich().unknownKeys);
  });

  test('a VM that is not there cannot be updated; removing it is no error', () => {
    expect(codeOf(() => store.vms.update('nobody', { name: 'x' }))).toBe('VM_NOT_FOUND');
    store.vms.remove('nobody');
    expect(store.vms.list()).toEqual([]);
    expect(store.vms.get('nobody')).toBeNull();
  });

  test('remove takes the VM and its console away and nothing of its neighbour; the id may be used again', () => {
    for (const id of ['a', 'b']) {
      const { id: vmId } = store.vms.insert(testVm(id, { run: testRun(id) }));
      store.consoles.put({ vmId, logId: 'l', inode: 1, keptFrom: 0, knownSize: 0, runs: [], times: [] });
    }
    store.vms.remove('a');
    expect(store.vms.list().map((vm) => vm.id as string)).toEqual(['b']);
    expect(store.consoles.get('a')).toBeNull();
    expect(store.consoles.get('b')).not.toBeNull();
    expect(store.vms.insert(testVm('a')).revision).toBe(1);
  });

  test('what is answered is a copy: changing it changes nothing stored', () => {
    store.vms.insert(rich());
    for (const vm of [store.vms.get('rich'), ...store.vms.list()]) {
      vm?.spec.disks.pop();
      vm?.spec.nics.forEach((nic) => {
        nic.tap = 'other';
      });
      if (vm) vm.spec.labels.team = 'b';
      if (vm) vm.unknownKeys.future = 0;
    }
    expect(store.vms.get('rich')).toEqual({ ...rich(), revision: 1 });
  });

  test('hostile text is data', () => {
    const odd = `x'"\u202e\n\u{1f600}--`;
    store.vms.insert(testVm('odd', { name: odd, spec: testSpec({ cmdline: odd, labels: { [odd]: odd, __proto__x: 'y' } }) }));
    expect(store.vms.get('odd')?.name).toBe(odd);
    expect(store.vms.get('odd')?.spec.cmdline).toBe(odd);
    expect(store.vms.findByName(odd)).toHaveLength(1);
  });
});

describe('events', () => {
  const append = (id: string, atMs = nowMs) =>
    store.events.append({ id, name: `name of ${id}` }, { type: 'warning', message: `m${atMs}`, detail: { n: [1] } }, atMs).seq;

  test('get numbers from 1 on, and come back whole after a reopen', () => {
    expect(store.events.lastSeq()).toBe(0);
    const first = store.events.append({ id: 'a', name: null }, { type: 'created', message: 'created' }, 5);
    expect(first).toEqual({ seq: 1, atMs: 5, vmId: 'a', vmName: null, type: 'created', message: 'created', detail: {} });
    append('a', 7);
    reopen();
    expect(store.events.since(0, { limit: 10 })).toEqual([
      first,
      { seq: 2, atMs: 7, vmId: 'a', vmName: 'name of a', type: 'warning', message: 'm7', detail: { n: [1] } },
    ]);
    expect(store.events.lastSeq()).toBe(2);
  });

  test('since and last take a VM and a limit; both answer oldest first', () => {
    for (const id of ['a', 'b', 'a', 'b', 'a']) append(id);
    const seqs = (events: { seq: number }[]) => events.map((event) => event.seq);
    expect(seqs(store.events.since(1, { limit: 2 }))).toEqual([2, 3]);
    expect(seqs(store.events.since(1, { limit: 9, vmId: 'a' }))).toEqual([3, 5]);
    expect(seqs(store.events.since(5, { limit: 9 }))).toEqual([]);
    expect(seqs(store.events.last({ limit: 2 }))).toEqual([4, 5]);
    expect(seqs(store.events.last({ limit: 2, vmId: 'a' }))).toEqual([3, 5]);
    expect(seqs(store.events.last({ limit: 9, vmId: 'nobody' }))).toEqual([]);
  });

  test('the oldest are dropped by number and by age, and which were is known from then on', () => {
    for (const age of [9, 8, 3, 2, 1]) append('a', nowMs - age * day);
    const older = (days: number, spare = 0) => ({ atMs: nowMs - days * day, spare });
    expect(store.events.prune({ keep: 100, aged: null })).toBe(0);
    expect(store.events.prune({ keep: 100, aged: older(30) })).toBe(0);
    expect(store.events.droppedTo()).toBe(0);
    expect(store.events.prune({ keep: 100, aged: older(5, 4) })).toBe(1);
    expect(store.events.droppedTo()).toBe(1);
    expect(store.events.prune({ keep: 100, aged: older(5) })).toBe(1);
    expect(store.events.prune({ keep: 1, aged: older(5) })).toBe(2);
    expect(store.events.last({ limit: 9 }).map((event) => event.seq)).toEqual([5]);
    reopen();
    expect(store.events.droppedTo()).toBe(4);
    expect(store.events.prune({ keep: 100, aged: older(-1, 1) })).toBe(0);
    expect(store.events.prune({ keep: 100, aged: older(-1) })).toBe(1);
    expect(store.events.droppedTo()).toBe(5);
  });

  test('an event of a clock that was ahead keeps those after it, until there are too many', () => {
    for (const age of [9, -400, 8, 7]) append('a', nowMs - age * day);
    expect(store.events.prune({ keep: 100, aged: { atMs: nowMs - day, spare: 0 } })).toBe(1);
    expect(store.events.last({ limit: 9 }).map((event) => event.seq)).toEqual([2, 3, 4]);
    expect(store.events.prune({ keep: 1, aged: null })).toBe(2);
  });

  test('a number is not used twice after everything was dropped', () => {
    append('a');
    append('a');
    store.events.prune({ keep: 0, aged: null });
    reopen();
    expect(store.events.lastSeq()).toBe(2);
    expect(append('a')).toBe(3);
  });

  test('a number is not used twice after a rollback', () => {
    append('a');
    let rolledBack = 0;
    expect(() =>
      store.transact(() => {
        rolledBack = append('a');
        throw new Error('undone');
      }),
    ).toThrow('undone');
    expect(rolledBack).toBe(2);
    expect(append('a')).toBe(3);
    expect(store.events.since(0, { limit: 9 }).map((event) => event.seq)).toEqual([1, 3]);
  });

  test("a VM's events outlive it", () => {
    store.vms.insert(testVm('a'));
    append('a');
    store.vms.remove('a');
    reopen();
    expect(store.events.last({ limit: 9, vmId: 'a' })).toHaveLength(1);
  });
});

describe('consoles', () => {
  test('are put, replaced, removed, and there after a reopen', () => {
    const { id: vmId } = store.vms.insert(testVm('a'));
    const log = {
      vmId,
      logId: 'l1',
      inode: 2 ** 52,
      keptFrom: 4096,
      knownSize: 8192,
      runs: [{ runId: 'r', offset: 0, atMs: 1 }],
      times: [{ offset: 5, atMs: 2 }],
    };
    expect(store.consoles.get('a')).toBeNull();
    store.consoles.put(log);
    reopen();
    expect(store.consoles.get('a')).toEqual(log);
    store.consoles.put({ ...log, logId: 'l2', keptFrom: 0, times: [] });
    expect(store.consoles.get('a')).toEqual({ ...log, logId: 'l2', keptFrom: 0, times: [] });
    store.consoles.remove('a');
    expect(store.consoles.get('a')).toBeNull();
  });
});

describe('images', () => {
  const image = (name: string) =>
    ({ name, format: 'qcow2', sizeBytes: 2 ** 45, sha256: 'ab'.repeat(32), source: 'https://example.org/ü', user: null, createdAtMs: 5 }) as const;

  test('are kept by name, and there after a reopen', () => {
    store.images.insert(image('b'));
    store.images.insert({ ...image('a'), format: 'raw', source: null, user: 'debian' });
    reopen();
    expect(store.images.list()).toEqual([{ ...image('a'), format: 'raw', source: null, user: 'debian' }, image('b')]);
    expect([store.images.get('b'), store.images.get('c')]).toEqual([image('b'), null]);
    expect(codeOf(() => store.images.insert(image('b')))).toBe('NAME_TAKEN');
    store.images.remove('b');
    expect(store.images.list().map(({ name }) => name)).toEqual(['a']);
  });
});

describe('transact', () => {
  test('all or nothing, and what the work throws comes out as it is', () => {
    const reason = new MvirtError({ code: 'WRONG_STATE', message: 'no' });
    expect(() =>
      store.transact(() => {
        store.vms.insert(testVm('a'));
        throw reason;
      }),
    ).toThrow(reason);
    expect(store.vms.list()).toEqual([]);
    expect(store.transact(() => store.vms.insert(testVm('a')).revision)).toBe(1);
  });

  test('nested: a failure that is caught undoes the inner work only; an outer one undoes both', () => {
    store.transact(() => {
      store.vms.insert(testVm('outer'));
      const twice = () => [testVm('inner'), testVm('inner')].map((vm) => store.vms.insert(vm));
      expect(codeOf(() => store.transact(twice))).toBe('ID_TAKEN');
    });
    expect(store.vms.list().map((vm) => vm.id as string)).toEqual(['outer']);
    expect(() =>
      store.transact(() => {
        store.transact(() => store.vms.remove('outer'));
        throw new Error('undone');
      }),
    ).toThrow('undone');
    expect(store.vms.list().map((vm) => vm.id as string)).toEqual(['outer']);
  });

  test('work that waits is refused: nothing of it stays', () => {
    expect(() =>
      store.transact(() => {
        store.vms.insert(testVm('a'));
        return Promise.resolve();
      }),
    ).toThrow('promise');
    expect(store.vms.list()).toEqual([]);
  });
});
