export * from './seed.ts';
