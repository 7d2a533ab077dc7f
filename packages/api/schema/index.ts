export * from './action.ts';
export * from './console.ts';
export * from './event.ts';
export * from './host.ts';
export * from './vm.ts';
