import type { Database } from './native.ts';

/**
 * Room inside the database's own files, so that what must not fail (a stop, a kill, an end) can still be stored where the filesystem is full: pages
 * of the database that nothing uses, and a log of that length, which SQLite writes from its beginning again and again.
 */
export interface Reserve {
  /** Makes what is missing of it. Where there is no room, it is left for the next time. */
  topUp(): void;
}

const reserveBytes = 1024 * 1024;
/** The log is emptied into the database before it outgrows the reserve: 200 pages are 800 KiB. */
const checkpointPages = 200;

export function createReserve(db: Database): Reserve {
  const put = db.prepare<[number]>("INSERT OR REPLACE INTO mvirt_notes (name, value) VALUES ('reserve', zeroblob(?))");
  const drop = db.prepare<[]>("DELETE FROM mvirt_notes WHERE name = 'reserve'");
  const cycle = (): void => {
    try {
      put.run(reserveBytes);
      db.pragma('wal_checkpoint(RESTART)');
    } catch {
      // No room for it now: what has to be stored takes what is left.
    }
    // Also what an agent that died in between has left.
    drop.run();
  };
  db.pragma(`wal_autocheckpoint = ${checkpointPages}`);
  // Always at first: a database that was closed in an orderly way has no log.
  tryTo(cycle);
  const pageBytes = Number(db.pragma('page_size', { simple: true }));
  return {
    topUp() {
      tryTo(() => {
        const unused = Number(db.pragma('freelist_count', { simple: true })) * pageBytes;
        if (unused < reserveBytes / 2) cycle();
      });
    },
  };
}

function tryTo(work: () => void): void {
  try {
    work();
  } catch {
    // A full or broken database tells those who write to it.
  }
}
