import { createHash } from 'node:crypto';

/** A step of the schema. Once released it is never edited: a change is another step at the end. */
export type Migration = { number: number; name: string; sql: string };

export const checksumOf = (migration: Migration): string => createHash('sha256').update(migration.sql).digest('hex');

/**
 * `vms` and `vm_runtime` have the shape that the Rust daemon's first release gives them and may be there already;
 * all that is ours lies in tables of our own, without foreign keys, so that its writes never touch ours.
 */
export const migrations: readonly Migration[] = [
  {
    number: 1,
    name: 'first schema',
    sql: `
CREATE TABLE IF NOT EXISTS vms (
  id TEXT PRIMARY KEY,
  name TEXT,
  state TEXT NOT NULL,
  config_json TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  started_at INTEGER
);

CREATE TABLE IF NOT EXISTS vm_runtime (
  vm_id TEXT PRIMARY KEY,
  pid INTEGER NOT NULL,
  api_socket TEXT NOT NULL,
  serial_socket TEXT NOT NULL,
  FOREIGN KEY (vm_id) REFERENCES vms(id) ON DELETE CASCADE
);

CREATE TABLE mvirt_vms (
  vm_id TEXT PRIMARY KEY,
  wanted TEXT NOT NULL,
  observed TEXT NOT NULL,
  responsive INTEGER NOT NULL,
  stop_json TEXT,
  cause_json TEXT,
  extras_json TEXT NOT NULL,
  pending_json TEXT,
  run_json TEXT,
  created_at_ms INTEGER NOT NULL,
  started_at_ms INTEGER,
  ended_at_ms INTEGER,
  revision INTEGER NOT NULL
);

CREATE TABLE mvirt_events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  vm_id TEXT NOT NULL,
  vm_name TEXT,
  type TEXT NOT NULL,
  message TEXT NOT NULL,
  detail_json TEXT NOT NULL
);
CREATE INDEX mvirt_events_by_vm ON mvirt_events (vm_id, seq);
CREATE INDEX mvirt_events_by_time ON mvirt_events (at_ms);

CREATE TABLE mvirt_consoles (
  vm_id TEXT PRIMARY KEY,
  log_id TEXT NOT NULL,
  inode INTEGER NOT NULL,
  kept_from INTEGER NOT NULL,
  known_size INTEGER NOT NULL,
  runs_json TEXT NOT NULL,
  times_json TEXT NOT NULL
);
`,
  },
  {
    number: 2,
    name: 'restarts',
    sql: `
ALTER TABLE mvirt_vms ADD COLUMN restart_json TEXT;

CREATE TABLE mvirt_notes (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
);
`,
  },
  {
    number: 3,
    name: 'networks',
    sql: `
CREATE TABLE mvirt_networks (
  name TEXT PRIMARY KEY,
  ipv4 TEXT,
  ipv6 TEXT,
  spoof_guard INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL
);
`,
  },
  {
    number: 4,
    name: 'images',
    sql: `
CREATE TABLE mvirt_images (
  name TEXT PRIMARY KEY,
  format TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  source TEXT,
  user TEXT,
  created_at_ms INTEGER NOT NULL
);
`,
  },
  {
    number: 5,
    name: 'host keys',
    sql: `
CREATE TABLE mvirt_host_keys (
  vm_id TEXT PRIMARY KEY,
  keys_json TEXT NOT NULL,
  cursor TEXT NOT NULL,
  at_ms INTEGER NOT NULL
);
`,
  },
];
