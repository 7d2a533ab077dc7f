import { closeSync, openSync } from 'node:fs';
import { corrupt, createGuard } from './failure.ts';
import { migrate } from './migrate.ts';
import { type Migration, migrations } from './migrations.ts';
import { type Database, openDatabase } from './native.ts';

/** How long a write waits for another process; calls are synchronous, so this holds up the whole agent. */
const busyMs = 1000;

/** An open, sound, migrated database. @throws STORE_ERROR, DISK_FULL */
export function openMigrated(path: string, nowMs: number, steps: readonly Migration[] = migrations): Database {
  return createGuard(path)(() => {
    // Made before SQLite does, which knows no mode: user-data may hold passwords.
    closeSync(openSync(path, 'a', 0o600));
    const db = openDatabase(path, { timeout: busyMs });
    try {
      db.pragma('journal_mode = WAL');
      db.pragma('synchronous = FULL');
      db.pragma('foreign_keys = ON');
      const found = db.pragma('quick_check(1)', { simple: true });
      if (found !== 'ok') throw corrupt(path, String(found));
      migrate(db, path, steps, nowMs);
      return db;
    } catch (thrown) {
      db.close();
      throw thrown;
    }
  });
}
