import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { MvirtError, newCondition } from '@mvirt/domain';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import type { Store } from '../port.ts';
import { openDatabase } from './native.ts';
import { createSqliteStore } from './store.ts';
import { testRun, testSpec, testVm } from './testing/test-vm.ts';

let dir: TempDir;
let path: string;

beforeEach(() => {
  dir = tempDir('damage');
  path = dir.join('mvirt.db');
});

afterEach(() => dir[Symbol.dispose]());

function withStore<T>(work: (store: Store) => T): T {
  const store = createSqliteStore({ dataDir: dir.path });
  try {
    return work(store);
  } finally {
    store.close();
  }
}

function failure(work: () => unknown): MvirtError {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof MvirtError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

const fill = () =>
  withStore((store) =>
    store.transact(() => {
      for (let number = 0; number < 500; number++) store.events.append({ id: 'a', name: null }, { type: 'warning', message: 'event '.repeat(40) }, 1);
      for (let number = 0; number < 40; number++) store.vms.insert(testVm(`vm-${number}`, { spec: testSpec({ userData: 'x'.repeat(3000) }) }));
    }),
  );

/** Damages the first page that holds this text. */
function overwritePageWith(text: string): void {
  const bytes = readFileSync(path);
  const page = Math.floor(bytes.indexOf(text) / 4096);
  expect(page).toBeGreaterThan(0);
  bytes.fill(0xff, page * 4096, page * 4096 + 64);
  writeFileSync(path, bytes);
}

describe('a damaged file is refused, with what to do about it', () => {
  const cases: [name: string, damage: () => void][] = [
    ['no database', () => writeFileSync(path, 'this is no database, and long enough to be looked at'.repeat(100))],
    ['its header overwritten', () => writeFileSync(path, Buffer.concat([Buffer.alloc(100, 0xaa), readFileSync(path).subarray(100)]))],
    ['cut in half', () => truncateSync(path, Math.floor(readFileSync(path).length / 2))],
    ['an old event overwritten, which nothing reads at the start', () => overwritePageWith('event event')],
    [
      'pages overwritten',
      () => {
        const bytes = readFileSync(path);
        bytes.fill(0xff, 4096 * 2, 4096 * 8);
        writeFileSync(path, bytes);
      },
    ],
  ];
  test.each(cases)('%s', (_, damage) => {
    fill();
    damage();
    const damaged = readFileSync(path);
    const error = failure(() => withStore((store) => store.vms.list()));
    expect(error.code).toBe('STORE_ERROR');
    expect(error.message).toContain(`${path} is damaged`);
    expect(error.hint).toContain('.recover');
    expect(readFileSync(path).equals(damaged)).toBe(true);
  });
});

function raw<T>(work: (db: ReturnType<typeof openDatabase>) => T): T {
  const db = openDatabase(path, {});
  try {
    return work(db);
  } finally {
    db.close();
  }
}

test('a column of ours that is no JSON costs that column alone, and is written over only when it changes', () => {
  const columns = ['stop_json', 'cause_json', 'extras_json', 'pending_json', 'run_json'];
  withStore((store) => {
    store.vms.insert(testVm('a', { run: testRun('a', { live: false }), spec: testSpec({ vcpus: 3 }) }));
    store.vms.insert(testVm('b'));
    store.events.append({ id: 'a', name: null }, { type: 'created', message: 'm' }, 1);
    store.consoles.put({ vmId: store.vms.list()[1]?.id ?? testVm('a').id, logId: 'l', inode: 1, keptFrom: 5, knownSize: 6, runs: [], times: [] });
  });
  for (const broken of ['{"half', '[]', '"text"', '{"kind":5,"by":[],"live":"yes"}', '\u0000']) {
    raw((db) => {
      for (const column of columns) db.prepare<[string]>(`UPDATE mvirt_vms SET ${column} = ? WHERE vm_id = 'a'`).run(broken);
      db.prepare<[string]>("UPDATE mvirt_vms SET wanted = ?, observed = 'nonsense' WHERE vm_id = 'a'").run(broken);
      db.prepare<[string]>('UPDATE mvirt_events SET detail_json = ?').run(broken);
      db.prepare<[string, string]>('UPDATE mvirt_consoles SET runs_json = ?, times_json = ?').run(broken, broken);
    });
    withStore((store) => {
      expect(store.vms.list().map((vm) => [vm.id as string, vm.spec.vcpus])).toEqual([
        ['b', 1],
        ['a', 3],
      ]);
      expect(store.vms.get('a')).toMatchObject({ condition: { observed: 'stopped', wanted: 'stopped', cause: null }, run: null, spec: { labels: {} } });
      expect(store.events.last({ limit: 1 })).toMatchObject([{ detail: {}, message: 'm' }]);
      expect(store.consoles.get('a')).toMatchObject({ keptFrom: 5, runs: [], times: [] });
      store.vms.update('a', { name: 'renamed' });
    });
    expect(raw((db) => db.prepare("SELECT run_json, extras_json FROM mvirt_vms WHERE vm_id = 'a'").get())).toEqual({ run_json: broken, extras_json: broken });
  }
});

test('the record of a live run that cannot be read: its VMM is still known by pid, and is not called stopped', () => {
  withStore((store) => store.vms.insert(testVm('a', { run: testRun('a'), condition: { ...newCondition(), observed: 'running', wanted: 'running' } })));
  raw((db) => db.exec("UPDATE mvirt_vms SET run_json = '{'"));
  expect(withStore((store) => store.vms.get('a'))).toMatchObject({
    condition: { observed: 'running', wanted: 'running' },
    run: { live: true, process: null, foreign: { pid: 4242, apiSocket: '/data/vm/a/qmp.sock' } },
  });
});

test('a database that another process holds for writing: named, and the next write succeeds', () => {
  withStore((store) => {
    const other = openDatabase(path, {});
    other.exec('BEGIN IMMEDIATE');
    const error = failure(() => store.vms.insert(testVm('a')));
    other.exec('ROLLBACK');
    other.close();
    expect([error.code, error.message]).toEqual(['STORE_ERROR', `${path}: another process holds the database`]);
    expect(store.vms.insert(testVm('a')).revision).toBe(1);
  });
});

test('a path that cannot be a database', () => {
  mkdirSync(path);
  const error = failure(() => createSqliteStore({ dataDir: dir.path }));
  expect(error.code).toBe('STORE_ERROR');
  expect(error.message).toContain(path);
});

test('a data directory with a name of 150 characters, spaces and no ASCII', () => {
  const dataDir = dir.join(`${'ü'.repeat(70)} x%20?mode=memory#`);
  const store = createSqliteStore({ dataDir });
  store.vms.insert(testVm('a'));
  store.close();
  expect(readFileSync(`${dataDir}/mvirt.db`).subarray(0, 15).toString()).toBe('SQLite format 3');
});
