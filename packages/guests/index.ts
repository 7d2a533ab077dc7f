export * from './tiny-guest.ts';
