export * from './files.ts';
export * from './hardware.ts';
export * from './plain-file.ts';
export * from './port.ts';
export * from './process.ts';
export * from './programs.ts';
export * from './system.ts';
export * from './vmm.ts';
