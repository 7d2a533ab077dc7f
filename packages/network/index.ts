export * from './names.ts';
export * from './port.ts';
