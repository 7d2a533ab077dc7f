/** better-sqlite3 13.2.0 has one entry per platform and no types for them; this is what the store uses of it. */
declare module 'better-sqlite3/linux-x64' {
  type RunResult = { changes: number; lastInsertRowid: number | bigint };

  interface Statement<Parameters extends unknown[], Row> {
    run(...parameters: Parameters): RunResult;
    get(...parameters: Parameters): Row | undefined;
    all(...parameters: Parameters): Row[];
  }

  class Database {
    constructor(path: string, options?: { readonly?: boolean; fileMustExist?: boolean; timeout?: number });
    readonly inTransaction: boolean;
    prepare<Parameters extends unknown[] = unknown[], Row = unknown>(sql: string): Statement<Parameters, Row>;
    exec(sql: string): this;
    pragma(text: string, options?: { simple?: boolean }): unknown;
    transaction<T>(work: () => T): { (): T; immediate(): T };
    close(): this;
  }

  export default Database;
}

declare module 'better-sqlite3/linux-arm64' {
  import type Database from 'better-sqlite3/linux-x64';

  const Same: typeof Database;
  export default Same;
}
