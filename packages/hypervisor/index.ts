export * from './clock.ts';
export * from './driver.ts';
export * from './foreign-socket.ts';
export * from './log.ts';
export { isRunFile } from './run-files.ts';
