export { type ConsoleHub, type ConsoleHubDeps, createConsoleHub } from './console-hub/console-hub.ts';
export { createEngine, type Engine, type EngineDeps } from './engine.ts';
export { createEventLog, type EventLog, type EventLogDeps } from './event-log.ts';
export type { EngineLog, LogFields } from './log.ts';
export { createLogService, type LogServiceDeps, type VmLogs } from './log-service.ts';
export { runDirOf, runDirs } from './run-dir.ts';
export * from './services.ts';
export { createSystemClock } from './system-clock.ts';
export { createUsageChanges } from './usage-changes.ts';
