export * from './action.ts';
export * from './agent.ts';
export * from './codec.ts';
export * from './console.ts';
export * from './event.ts';
export * from './host.ts';
export * from './input.ts';
export * from './vm.ts';
