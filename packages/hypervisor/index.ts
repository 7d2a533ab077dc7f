export * from './clock.ts';
export * from './driver.ts';
export * from './log.ts';
