import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { copyFileSync, mkdirSync } from 'node:fs';
import { asVmId, newCondition } from '@mvirt/domain';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import type { Store, StoredVm } from '../port.ts';
import { createSqliteStore } from './store.ts';
import {
  asRustDaemon,
  firstRelease,
  insertRuntime,
  insertVm,
  latestRelease,
  type RustVm,
  selectRuntime,
  selectVms,
  toLatestRelease,
} from './testing/rust-daemon.ts';
import { testRun, testSpec, testVm } from './testing/test-vm.ts';

let dir: TempDir;

beforeEach(() => {
  dir = tempDir('store');
});

afterEach(() => dir[Symbol.dispose]());

/** Our store on the directory, closed again afterwards. */
function withStore<T>(work: (store: Store) => T): T {
  const store = createSqliteStore({ dataDir: dir.path });
  try {
    return work(store);
  } finally {
    store.close();
  }
}

const asTheirs = <T>(work: Parameters<typeof asRustDaemon<T>>[1]): T => asRustDaemon(dir.path, work);
const list = (): StoredVm[] => withStore((store) => store.vms.list());

const firstConfig = {
  vcpus: 2,
  memory_mb: 1024,
  kernel: '/k',
  initramfs: null,
  cmdline: 'console=ttyS0',
  disks: [{ path: '/d.raw', readonly: false }],
  nics: [{ tap: 'tap7', mac: '52:54:00:00:00:01' }],
  user_data: null,
};

const vm = (id: string, change: Partial<RustVm> = {}): RustVm => ({
  id,
  name: id,
  state: 'stopped',
  config_json: JSON.stringify(firstConfig),
  created_at: 1_700_000_000,
  started_at: null,
  ...change,
});

/** State word, and whether a VMM is noted → what our engine finds. */
const takenIn: [word: string, hasVmm: boolean, observed: string, wanted: string][] = [
  ['stopped', false, 'stopped', 'stopped'],
  ['starting', false, 'starting', 'running'],
  ['starting', true, 'starting', 'running'],
  ['running', false, 'running', 'running'],
  ['running', true, 'running', 'running'],
  ['stopping', true, 'stopping', 'stopped'],
  ['stopped', true, 'running', 'running'], // a VMM that is noted may live
  ['no such word', false, 'stopped', 'stopped'],
  ['no such word', true, 'running', 'running'],
];

for (const [release, tables] of [
  ['first release', firstRelease],
  ['latest release', latestRelease],
] as const) {
  describe(`a directory of the Rust daemon's ${release}`, () => {
    test.each(takenIn)('%s, VMM noted: %p → %s, wanted %s', (state, hasVmm, observed, wanted) => {
      asTheirs((db) => {
        db.exec(tables);
        insertVm(db, vm('a', { state, started_at: 1_700_000_009 }));
        if (hasVmm) insertRuntime(db, 'a', 321);
      });
      const [found] = list();
      expect(found?.condition).toMatchObject({ observed, wanted, responsive: true, cause: null });
      expect(found?.condition.stop === null).toBe(observed !== 'stopping');
      expect(found?.startedAtMs).toBe(1_700_000_009_000);
      if (observed === 'stopped') expect(found?.run).toBeNull();
      else expect(found?.run).toMatchObject({ live: true, process: null, runDir: dir.join('vm', 'a'), hypervisor: 'cloud-hypervisor' });
      expect(found?.run?.foreign).toEqual(hasVmm ? { pid: 321, apiSocket: '/d/vm/a/api.sock', serialSocket: '/d/vm/a/serial.sock' } : undefined);
      expect(list()).toEqual(found ? [found] : []);
      expect(asTheirs(selectRuntime)).toHaveLength(hasVmm ? 1 : 0);
    });

    test('every VM is listed, whatever its row says, and nothing of theirs is changed', () => {
      const odd = [
        vm('no-name', { name: null }),
        vm('../../etc', { name: '-rf\n\u202e', created_at: 1 }),
        vm('', { name: '' }),
        vm('null-kernel', { config_json: JSON.stringify({ ...firstConfig, kernel: null, boot_mode: 1, nested_virt: true }) }),
        vm('no-json', { config_json: 'not JSON at all' }),
        vm('list-json', { config_json: '[1]' }),
        vm('empty-json', { config_json: '' }),
        vm('odd-json', { config_json: '{"vcpus":"two","disks":[{"path":5},{"path":"/ok"}],"nics":null,"more":{"x":[1]}}' }),
        vm('twin-a', { name: 'twin' }),
        vm('twin-b', { name: 'twin' }),
      ];
      asTheirs((db) => {
        db.exec(tables);
        for (const row of odd) insertVm(db, row);
      });
      const before = asTheirs(selectVms);
      expect(
        list()
          .map((found) => found.id as string)
          .sort(),
      ).toEqual(odd.map((row) => row.id).sort());
      expect(asTheirs(selectVms)).toEqual(before);
      const [oddJson] = list().filter((found) => found.id === 'odd-json');
      expect(oddJson?.spec.disks.map((disk) => disk.path)).toEqual(['/ok']);
      expect(oddJson?.unknownKeys.more).toEqual({ x: [1] });
      withStore((store) => {
        for (const row of odd) store.vms.update(row.id, { condition: { ...newCondition(), wanted: 'running' } });
      });
      expect(asTheirs(selectVms)).toEqual(before);
    });

    test('its own statements go on working on a database that we have written', () => {
      asTheirs((db) => db.exec(tables));
      withStore((store) => store.vms.insert(testVm('ours', { createdAtMs: 1_600_000_000_999 })));
      asTheirs((db) => {
        insertVm(db, vm('theirs'));
        insertRuntime(db, 'theirs', 9);
        db.exec("UPDATE vms SET state = 'running', started_at = 1700000001 WHERE id = 'theirs'");
        db.exec("DELETE FROM vms WHERE id = 'ours'");
        expect(selectVms(db)).toEqual([vm('theirs', { state: 'running', started_at: 1_700_000_001 })]);
      });
      expect(list().map((found) => found.id as string)).toEqual(['theirs']);
    });

    test('a copy of it is made before our tables come in', () => {
      asTheirs((db) => {
        db.exec(tables);
        insertVm(db, vm('a'));
      });
      list();
      mkdirSync(dir.join('copy'));
      copyFileSync(dir.join('mvirt.db.before-1'), dir.join('copy', 'mvirt.db'));
      asRustDaemon(dir.join('copy'), (db) => {
        expect(selectVms(db)).toEqual([vm('a')]);
        expect(db.prepare("SELECT name FROM sqlite_master WHERE name LIKE 'mvirt%'").all()).toEqual([]);
      });
    });
  });
}

test('a database that we made: its latest release brings it to its own schema, writes and reads it, and we go on with it', () => {
  const run = testRun('ours', { hypervisor: 'cloud-hypervisor' });
  const condition = { ...newCondition(), observed: 'running', wanted: 'running' } as const;
  withStore((store) => store.vms.insert(testVm('ours', { createdAtMs: 1_600_000_000_000, condition, run })));
  asTheirs((db) => {
    db.exec(toLatestRelease);
    db.exec("INSERT INTO vms (id, name, state, config_json, created_at, microvm) VALUES ('theirs', NULL, 'stopped', '{}', 1700000000, FALSE)");
    db.exec("INSERT INTO vms (id, name, state, config_json, created_at, microvm) VALUES ('pod', 'pod', 'stopped', '{}', 1800000000, TRUE)");
    insertRuntime(db, 'theirs', 9);
    const listed = db.prepare('SELECT id, name, state, config_json, created_at, started_at FROM vms WHERE microvm = FALSE ORDER BY created_at DESC').all();
    expect(listed).toMatchObject([{ id: 'theirs' }, { id: 'ours', state: 'running' }]);
    expect(selectRuntime(db)).toMatchObject([
      { vm_id: 'ours', pid: 4242 },
      { vm_id: 'theirs', pid: 9 },
    ]);
    db.exec("UPDATE vms SET state = 'running', started_at = COALESCE(1700000005, started_at) WHERE id = 'theirs'");
  });
  expect(list().map(({ id, condition: { observed } }) => [id as string, observed])).toEqual([
    ['pod', 'stopped'],
    ['theirs', 'running'],
    ['ours', 'running'],
  ]);
  expect(list()[2]?.run).toEqual(run);
});

test('what we write is what its first release reads', () => {
  withStore((store) => {
    const spec = testSpec({
      vcpus: 2,
      kernel: null,
      bootMode: 'disk',
      disks: [{ path: '/a.qcow2', readonly: true, format: 'qcow2' }],
      nics: [{ tap: null, mac: '52:54:00:00:00:01', vhostSocket: null, network: null }],
    });
    store.vms.insert(testVm('a', { spec, createdAtMs: 1_700_000_000_999, startedAtMs: 1_700_000_001_500 }));
  });
  const [row] = asTheirs(selectVms);
  expect(row).toMatchObject({ id: 'a', name: 'a', state: 'stopped', created_at: 1_700_000_000, started_at: 1_700_000_001 });
  expect(JSON.parse(row?.config_json ?? '')).toMatchObject({
    vcpus: 2,
    memory_mb: 512,
    kernel: '',
    initramfs: null,
    cmdline: null,
    disks: [{ path: '/a.qcow2', readonly: true }],
    nics: [{ tap: null, mac: '52:54:00:00:00:01' }],
    user_data: null,
    boot_mode: 1,
    nested_virt: false,
  });
});

test.each([
  ['stopped', 'stopped'],
  ['starting', 'starting'],
  ['running', 'running'],
  ['paused', 'running'],
  ['stopping', 'stopping'],
] as const)('our %s is its %s', (observed, word) => {
  withStore((store) => {
    store.vms.insert(testVm('a'));
    store.vms.update('a', { condition: { ...newCondition(), observed } });
  });
  expect(asTheirs(selectVms)[0]?.state).toBe(word);
  expect(list()[0]?.condition.observed).toBe(observed);
});

test('vm_runtime has a row exactly while a VMM runs', () => {
  const rows = () => asTheirs(selectRuntime);
  withStore((store) => store.vms.insert(testVm('a', { run: testRun('a', { process: null }) })));
  expect(rows()).toEqual([]);
  withStore((store) => store.vms.update('a', { run: testRun('a') }));
  expect(rows()).toEqual([{ vm_id: 'a', pid: 4242, api_socket: '/data/vm/a/qmp.sock', serial_socket: '/data/vm/a/serial.sock' }]);
  withStore((store) => store.vms.update('a', { name: 'b' }));
  expect(rows()).toHaveLength(1);
  withStore((store) => store.vms.update('a', { run: testRun('a', { live: false }) }));
  expect(rows()).toEqual([]);
  withStore((store) => {
    store.vms.update('a', { run: testRun('a', { hypervisor: 'cloud-hypervisor' }) });
    store.vms.remove('a');
  });
  expect(rows()).toEqual([]);
});

describe('while we were away', () => {
  const running = { ...newCondition(), observed: 'running', wanted: 'running' } as const;

  test('it called our running VM stopped: our word stays until the engine has looked for the VMM', () => {
    const before = withStore((store) => store.vms.insert(testVm('a', { condition: running, run: testRun('a') })));
    asTheirs((db) => db.exec("UPDATE vms SET state = 'stopped'; DELETE FROM vm_runtime"));
    expect(list()).toEqual([{ ...before, revision: 2 }]);
    expect(asTheirs(selectVms)[0]?.state).toBe('running');
    expect(asTheirs(selectRuntime)).toHaveLength(1);
  });

  test('it started a VM that we had stopped', () => {
    withStore((store) => store.vms.insert(testVm('a', { run: testRun('a', { live: false }) })));
    asTheirs((db) => {
      db.exec("UPDATE vms SET state = 'running', started_at = 1700000005");
      insertRuntime(db, 'a', 77);
    });
    expect(list()[0]).toMatchObject({ condition: running, startedAtMs: 1_700_000_005_000, run: { live: true, process: null, foreign: { pid: 77 } } });
    expect(asTheirs(selectRuntime)).toMatchObject([{ pid: 77 }]);
  });

  test('it deleted a VM and made another with the same id: nothing of the old one is left in it', () => {
    withStore((store) => {
      store.vms.insert(testVm('a', { spec: testSpec({ labels: { old: 'yes' } }), pendingSpec: testSpec() }));
      store.consoles.put({ vmId: asVmId('a'), logId: 'l', inode: 1, keptFrom: 0, knownSize: 0, runs: [], times: [] });
    });
    asTheirs((db) => {
      db.exec('DELETE FROM vms');
      insertVm(db, vm('a'));
    });
    expect(list()[0]).toMatchObject({ pendingSpec: null, createdAtMs: 1_700_000_000_000, spec: { labels: {}, memoryMib: 1024 } });
  });

  test('it deleted a VM: its console row goes as well', () => {
    withStore((store) => {
      store.vms.insert(testVm('a'));
      store.consoles.put({ vmId: asVmId('a'), logId: 'l', inode: 1, keptFrom: 0, knownSize: 0, runs: [], times: [] });
    });
    asTheirs((db) => db.exec('DELETE FROM vms'));
    expect(withStore((store) => [store.vms.list(), store.consoles.get('a')])).toEqual([[], null]);
  });

  test('it changed nothing: neither do we', () => {
    withStore((store) => store.vms.insert(testVm('a', { condition: running, run: testRun('a') })));
    const before = list();
    expect(list()).toEqual(before);
    expect(before[0]?.revision).toBe(1);
  });
});
