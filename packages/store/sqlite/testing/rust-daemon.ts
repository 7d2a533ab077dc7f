import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '../native.ts';

/** The tables of the Rust daemon's first release. */
export const firstRelease = `
CREATE TABLE vms (id TEXT PRIMARY KEY, name TEXT, state TEXT NOT NULL, config_json TEXT NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER);
CREATE TABLE vm_runtime (vm_id TEXT PRIMARY KEY, pid INTEGER NOT NULL, api_socket TEXT NOT NULL, serial_socket TEXT NOT NULL,
  FOREIGN KEY (vm_id) REFERENCES vms(id) ON DELETE CASCADE);`;

/** Those of its latest: a column more, no foreign key, its own table of migrations. */
export const latestRelease = `
CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
  success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL);
INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (1, 'initial', 1, x'00ff', 12);
CREATE TABLE vms (id TEXT PRIMARY KEY, name TEXT, state TEXT NOT NULL, config_json TEXT NOT NULL, created_at INTEGER NOT NULL, started_at INTEGER,
  microvm BOOLEAN NOT NULL DEFAULT 0);
CREATE TABLE vm_runtime (vm_id TEXT PRIMARY KEY, pid INTEGER NOT NULL, api_socket TEXT NOT NULL, serial_socket TEXT NOT NULL);`;

/** The steps by which its latest release brings tables of its first to its own. */
export const toLatestRelease = `
CREATE TABLE vm_runtime_new (vm_id TEXT PRIMARY KEY, pid INTEGER NOT NULL, api_socket TEXT NOT NULL, serial_socket TEXT NOT NULL);
INSERT INTO vm_runtime_new SELECT * FROM vm_runtime;
DROP TABLE vm_runtime;
ALTER TABLE vm_runtime_new RENAME TO vm_runtime;
ALTER TABLE vms ADD COLUMN microvm BOOLEAN NOT NULL DEFAULT FALSE;`;

/** Opens <dataDir>/mvirt.db as another daemon does, and hands it over for some SQL of its own. */
export function asRustDaemon<T>(dataDir: string, work: (db: Database) => T): T {
  mkdirSync(dataDir, { recursive: true });
  const db = openDatabase(join(dataDir, 'mvirt.db'), {});
  try {
    db.pragma('foreign_keys = ON');
    return work(db);
  } finally {
    db.close();
  }
}

export type RustVm = { id: string; name: string | null; state: string; config_json: string; created_at: number; started_at: number | null };

export function insertVm(db: Database, vm: RustVm): void {
  db.prepare<(string | number | null)[]>('INSERT INTO vms (id, name, state, config_json, created_at, started_at) VALUES (?, ?, ?, ?, ?, ?)').run(
    vm.id,
    vm.name,
    vm.state,
    vm.config_json,
    vm.created_at,
    vm.started_at,
  );
}

export function insertRuntime(db: Database, vmId: string, pid: number, runDir = `/d/vm/${vmId}`, serial = 'serial.sock'): void {
  db.prepare<(string | number)[]>('INSERT OR REPLACE INTO vm_runtime (vm_id, pid, api_socket, serial_socket) VALUES (?, ?, ?, ?)').run(
    vmId,
    pid,
    `${runDir}/api.sock`,
    `${runDir}/${serial}`,
  );
}

export const selectVms = (db: Database): RustVm[] =>
  db.prepare<[], RustVm>('SELECT id, name, state, config_json, created_at, started_at FROM vms ORDER BY created_at DESC').all();

export const selectRuntime = (db: Database): unknown[] => db.prepare('SELECT vm_id, pid, api_socket, serial_socket FROM vm_runtime ORDER BY vm_id').all();
