import { afterEach, beforeEach, expect, test } from 'bun:test';
import { copyFileSync, existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import { checksumOf, type Migration, migrations } from './migrations.ts';
import { openDatabase } from './native.ts';
import { openMigrated } from './open.ts';
import { createSqliteStore } from './store.ts';
import { testVm } from './testing/test-vm.ts';

let dir: TempDir;
let path: string;

beforeEach(() => {
  dir = tempDir('migrate');
  path = dir.join('mvirt.db');
});

afterEach(() => dir[Symbol.dispose]());

const step = (number: number, sql: string): Migration => ({ number, name: `step ${number}`, sql });
const first = step(1, 'CREATE TABLE one (x)');
const second = step(2, 'CREATE TABLE two (x)');

const openAndClose = (steps?: readonly Migration[]): void => {
  openMigrated(path, 7, steps).close();
};

function inside<T>(file: string, sql: string): T[] {
  const db = openDatabase(file, { fileMustExist: true });
  try {
    return db.prepare<[], T>(sql).all();
  } finally {
    db.close();
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

test('a released step is never edited: only a new line may be added here', () => {
  expect(migrations.map((migration) => [migration.number, checksumOf(migration)])).toEqual([
    [1, 'aba4f4b39d96fe11302dc4bad0c381a8e69f249344cfef6ee46628d95b2f3787'],
    [2, 'fc9cbe26d37f271fdb92c9cd0ca992134ce1ed94c76cc8d50ddef0fe0431cd70'],
    [3, '1c9beea67ca0e3ae54c9e50d81b06429ed22c73240b97c077619d645fe5e7c95'],
    [4, '0abfd5cfd6cc38f6daeda3a0bc86cce1583bc85eee1b2c1b1eb89ccdbee6513f'],
    [5, 'bbee51a51bbd61f3314f441cea4cbbe29c66e80bdd227552c1f09ed8c4634d1b'],
  ]);
});

test('every commit reaches the disk before it answers, and readers never wait', () => {
  const db = openMigrated(path, 7);
  const pragmas = ['journal_mode', 'synchronous', 'foreign_keys'].map((name) => db.pragma(name, { simple: true }));
  db.close();
  expect(pragmas).toEqual(['wal', 2, 1]); // synchronous 2 is FULL
});

test('a new database is readable by its owner alone, and no copy is made of nothing', () => {
  openAndClose();
  expect(readdirSync(dir.path)).toEqual(['mvirt.db']);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('each step is noted once, and a second open does nothing', () => {
  openAndClose([first, second]);
  openAndClose([first, second]);
  expect(inside<unknown>(path, 'SELECT * FROM mvirt_migrations')).toEqual([
    { number: 1, name: 'step 1', checksum: checksumOf(first), applied_at_ms: 7 },
    { number: 2, name: 'step 2', checksum: checksumOf(second), applied_at_ms: 7 },
  ]);
  expect(readdirSync(dir.path)).toEqual(['mvirt.db']);
});

test('before a step a whole copy is made, also of what is in the WAL only', () => {
  openAndClose([first]);
  const db = openMigrated(path, 7, [first]);
  db.exec("INSERT INTO one VALUES ('in the WAL')");
  mkdirSync(dir.join('crashed'));
  for (const file of ['mvirt.db', 'mvirt.db-wal']) copyFileSync(dir.join(file), dir.join('crashed', file));
  db.close();
  path = dir.join('crashed', 'mvirt.db');
  openAndClose([first, second]);
  const copy = `${path}.before-2`;
  expect(inside<unknown>(copy, 'SELECT x FROM one')).toEqual([{ x: 'in the WAL' }]);
  expect(inside<unknown>(copy, "SELECT name FROM sqlite_master WHERE name = 'two'")).toEqual([]);
  expect(statSync(copy).mode & 0o777).toBe(0o600);
  expect(inside<unknown>(path, 'SELECT x FROM one')).toEqual([{ x: 'in the WAL' }]);
  expect(existsSync(`${copy}.partial`)).toBe(false);
});

test('a copy that was left half made is made anew', () => {
  openAndClose([first]);
  copyFileSync(path, `${path}.before-2.partial`);
  openAndClose([first, second]);
  expect(readdirSync(dir.path).sort()).toEqual(['mvirt.db', 'mvirt.db.before-2']);
});

test('a step that fails leaves everything as it was, the steps before it included', () => {
  openAndClose([first]);
  const broken = step(3, 'CREATE TABLE three (x); INSERT INTO nowhere VALUES (1)');
  const error = failure(() => openAndClose([first, second, broken]));
  expect(error.code).toBe('STORE_ERROR');
  expect(error.message).toContain('nowhere');
  expect(inside<unknown>(path, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")).toEqual([{ name: 'mvirt_migrations' }, { name: 'one' }]);
  openAndClose([first, second]);
});

test('a database of a newer mvirt is refused by name, and not touched', () => {
  openAndClose([first, second]);
  const error = failure(() => openAndClose([first]));
  expect([error.code, error.message]).toEqual(['STORE_ERROR', `${path} was written by a newer mvirt: its schema is 2, and this mvirt knows 1`]);
  expect(error.hint).toContain(`${path}.before-2`);
  expect(inside<{ number: number }>(path, 'SELECT number FROM mvirt_migrations').map((row) => row.number)).toEqual([1, 2]);
});

test('a database whose step 1 was another one is refused', () => {
  openAndClose([step(1, 'CREATE TABLE other (x)')]);
  const error = failure(() => openAndClose([first]));
  expect(error.code).toBe('STORE_ERROR');
  expect(error.message).toContain('another build of mvirt');
});

test('the copy made before a step opens as a data directory of its own', () => {
  const store = createSqliteStore({ dataDir: dir.path });
  store.vms.insert(testVm('a'));
  store.close();
  openAndClose([...migrations, step(migrations.length + 1, 'CREATE TABLE later (x)')]);
  mkdirSync(dir.join('restored'));
  copyFileSync(`${path}.before-${migrations.length + 1}`, dir.join('restored', 'mvirt.db'));
  const restored = createSqliteStore({ dataDir: dir.join('restored') });
  const ids = restored.vms.list().map((vm) => vm.id as string);
  restored.close();
  expect(ids).toEqual(['a']);
});
