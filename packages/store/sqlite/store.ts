import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Store } from '../port.ts';
import { createConsoleTable } from './console-table.ts';
import { createEventTable } from './event-table.ts';
import { createGuard, guarded } from './failure.ts';
import { createHostKeyTable } from './host-key-table.ts';
import { createImageTable } from './image-table.ts';
import { createNetworkTable } from './network-table.ts';
import { createNoteTable } from './note-table.ts';
import { openMigrated } from './open.ts';
import { createReserve } from './reserve.ts';
import { takeIn } from './take-in.ts';
import { createVmRows } from './vm-rows.ts';
import { createVmTable } from './vm-table.ts';

/** clock: now, in ms since 1970. */
export type SqliteStoreDeps = { dataDir: string; clock?: () => number };

export const databaseFile = 'mvirt.db';

/**
 * Opens <dataDir>/mvirt.db (made when missing) in WAL mode; a commit is on the disk before a call returns.
 * @throws STORE_ERROR (damaged, of a newer mvirt, held by another process), DISK_FULL
 */
export function createSqliteStore({ dataDir, clock = Date.now }: SqliteStoreDeps): Store {
  const directory = resolve(dataDir);
  const path = join(directory, databaseFile);
  const guard = createGuard(path);
  guard(() => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  const db = openMigrated(path, clock());
  const transact = <T>(work: () => T): T => db.transaction(work).immediate();
  try {
    const reserve = createReserve(db);
    const rows = createVmRows(db);
    const notes = createNoteTable(db);
    guard(() => transact(() => takeIn(db, rows, directory)));
    return {
      vms: guarded(createVmTable(rows, transact), guard),
      events: guarded(createEventTable({ db, notes, transact }), guard),
      consoles: guarded(createConsoleTable(db), guard),
      notes: guarded(notes, guard),
      networks: guarded(createNetworkTable(db), guard),
      hostKeys: guarded(createHostKeyTable(db), guard),
      images: guarded(createImageTable(db), guard),
      keepReserve: () => reserve.topUp(),
      transact: (work) => guard(() => transact(work)),
      close: () => guard(() => db.close()),
    };
  } catch (thrown) {
    db.close();
    throw thrown;
  }
}
