/// <reference path="./native.d.ts" />
import DatabaseArm64 from 'better-sqlite3/linux-arm64';
import DatabaseX64 from 'better-sqlite3/linux-x64';

export type Database = DatabaseX64;

/**
 * Opens a SQLite file with the addon of this CPU. The package's own entry looks its addon up at run time, which a
 * compiled executable cannot; these two are static, so that a bundler embeds them. Neither loads before this call.
 */
export function openDatabase(path: string, options: { readonly?: boolean; fileMustExist?: boolean; timeout?: number }): Database {
  return process.arch === 'arm64' ? new DatabaseArm64(path, options) : new DatabaseX64(path, options);
}
