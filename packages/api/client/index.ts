export * from './agent-client.ts';
export * from './find-socket.ts';
export * from './follow.ts';
export * from './one-shot.ts';
export * from './trpc-error.ts';
export * from './trpc-vm-client.ts';
export * from './unreachable.ts';
export * from './vm-client.ts';
