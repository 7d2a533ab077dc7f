export * from './agent-client.ts';
export * from './find-socket.ts';
export * from './one-shot.ts';
export * from './trpc-error.ts';
export * from './unreachable.ts';
