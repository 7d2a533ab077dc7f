import { chmodSync, closeSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import { checksumOf, type Migration } from './migrations.ts';
import type { Database } from './native.ts';

type Applied = { number: number; checksum: string };

/**
 * Brings the schema up to the last migration, all steps or none, after a copy `mvirt.db.before-<n>` where the
 * database had tables. @throws STORE_ERROR for a database of a newer mvirt, or one whose steps differ from ours.
 */
export function migrate(db: Database, path: string, steps: readonly Migration[], nowMs: number): void {
  const applied = appliedTo(db);
  checkHistory(path, applied, steps);
  const pending = steps.filter((step) => !applied.some((row) => row.number === step.number));
  const first = pending[0];
  if (first === undefined) return;
  if (hasTables(db)) backUp(db, path, `${path}.before-${first.number}`);
  db.transaction(() => {
    db.exec(
      'CREATE TABLE IF NOT EXISTS mvirt_migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at_ms INTEGER NOT NULL)',
    );
    const note = db.prepare<[number, string, string, number]>('INSERT INTO mvirt_migrations (number, name, checksum, applied_at_ms) VALUES (?, ?, ?, ?)');
    for (const step of pending) {
      db.exec(step.sql);
      note.run(step.number, step.name, checksumOf(step), nowMs);
    }
  }).immediate();
}

function appliedTo(db: Database): Applied[] {
  const known = db.prepare<[], unknown>("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'mvirt_migrations'").get();
  return known === undefined ? [] : db.prepare<[], Applied>('SELECT number, checksum FROM mvirt_migrations ORDER BY number').all();
}

function checkHistory(path: string, applied: Applied[], steps: readonly Migration[]): void {
  const newest = steps.at(-1)?.number ?? 0;
  const theirs = applied.at(-1)?.number ?? 0;
  if (theirs > newest) {
    throw new MvirtError({
      code: 'STORE_ERROR',
      message: `${path} was written by a newer mvirt: its schema is ${theirs}, and this mvirt knows ${newest}`,
      hint: `use that mvirt, or go back to the copy that it made: ${path}.before-${newest + 1}`,
    });
  }
  const other = steps.find((step) => applied.some((row) => row.number === step.number && row.checksum !== checksumOf(step)));
  if (other === undefined) return;
  throw new MvirtError({
    code: 'STORE_ERROR',
    message: `${path} was written by another build of mvirt: its schema step ${other.number} is not this one's "${other.name}"`,
    hint: 'use the mvirt that wrote it, or another --data-dir',
  });
}

const hasTables = (db: Database): boolean => db.prepare<[], unknown>("SELECT 1 FROM sqlite_master WHERE type = 'table' LIMIT 1").get() !== undefined;

/** A whole copy, also of what is still in the WAL; there under its name only once it is complete and durable. */
function backUp(db: Database, path: string, copy: string): void {
  const partial = `${copy}.partial`;
  rmSync(partial, { force: true });
  db.prepare<[string]>('VACUUM INTO ?').run(partial);
  chmodSync(partial, statSync(path).mode & 0o777);
  sync(partial);
  renameSync(partial, copy);
  sync(dirname(copy));
}

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
