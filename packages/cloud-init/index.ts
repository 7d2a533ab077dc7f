export * from './seed.ts';
export * from './seed-argv.ts';
