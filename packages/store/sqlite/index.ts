export { glanceAtStore, type StoreGlance } from './glance.ts';
export { createSqliteStore, databaseFile, type SqliteStoreDeps } from './store.ts';
