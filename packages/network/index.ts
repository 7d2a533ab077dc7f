export * from './names.ts';
export * from './plan.ts';
export * from './port.ts';
