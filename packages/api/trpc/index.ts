export * from './app-router.ts';
export * from './context.ts';
export type { VmNotice } from './documents.ts';
export type { EventMessage } from './event-router.ts';
export * from './refusal.ts';
export * from './serve.ts';
