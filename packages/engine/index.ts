export { createEngine, type Engine, type EngineDeps } from './engine.ts';
export type { EngineLog, LogFields } from './log.ts';
export * from './services.ts';
export { createSystemClock } from './system-clock.ts';
