import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { MvirtError, noRoom } from '@mvirt/domain';

/** Runs something against the database; what SQLite throws becomes an MvirtError. @throws STORE_ERROR, DISK_FULL */
export type Guard = <T>(work: () => T) => T;

/** path: the database, for messages. */
export function createGuard(path: string): Guard {
  return (work) => {
    try {
      return work();
    } catch (thrown) {
      throw storeFailure(path, thrown);
    }
  };
}

/** An object whose functions all run under the guard. */
export function guarded<T extends object>(table: T, guard: Guard): T {
  const wrapped = Object.entries(table).map(([name, member]) => [
    name,
    typeof member === 'function' ? (...parameters: unknown[]) => guard(() => member(...parameters)) : member,
  ]);
  return Object.fromEntries(wrapped) as T;
}

/** What a caller sees for what SQLite or the kernel threw; anything else is not the store's and stays as it is. */
function storeFailure(path: string, thrown: unknown): unknown {
  const code = codeOf(thrown);
  if (thrown instanceof MvirtError || code === '') return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT' || (code.startsWith('SQLITE_IOERR') && isFull(path))) {
    return noRoom(dirname(path), `${path}: no room left on its filesystem; nothing was changed`, thrown);
  }
  const fail = (message: string, hint?: string) =>
    new MvirtError({ code: 'STORE_ERROR', message: `${path}: ${message}`, cause: thrown, ...(hint ? { hint } : {}) });
  if (code === 'ERR_DLOPEN_FAILED') {
    return fail(
      `the SQLite library inside the executable could not be loaded: ${text}`,
      'it is written to $BUN_TMPDIR, else $TMPDIR, else /tmp: name a folder there that can be written and is not mounted noexec',
    );
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return corrupt(path, text, thrown);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return fail('another process holds the database', 'find it with: fuser -v mvirt.db (in the data directory), end it and try again');
  }
  if (code.startsWith('SQLITE_READONLY') || code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_PERM') || code === 'EACCES' || code === 'EROFS') {
    return fail(`cannot be opened for writing (${text})`, "check the data directory's owner and rights, and that its filesystem is not mounted read-only");
  }
  return fail(text);
}

/** The database's pages contradict themselves, or it is no database. */
export function corrupt(path: string, what: string, cause?: unknown): MvirtError {
  return new MvirtError({
    code: 'STORE_ERROR',
    message: `${path} is damaged: ${what}`,
    hint: 'keep a copy of mvirt.db, mvirt.db-wal and mvirt.db-shm, then restore a backup (mvirt.db.before-N lies beside it) or rescue it with: sqlite3 mvirt.db .recover',
    cause,
  });
}

/** SQLite's or the kernel's own name for an error, such as SQLITE_FULL or ENOSPC; empty where it has none. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}

function isFull(path: string): boolean {
  try {
    return statfsSync(path).bavail === 0;
  } catch {
    // The file itself cannot be looked at: the error that brought us here says more.
    return false;
  }
}
