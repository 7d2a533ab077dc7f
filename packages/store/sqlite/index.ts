export { createSqliteStore, databaseFile, type SqliteStoreDeps } from './store.ts';
