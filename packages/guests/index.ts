export { type BuildLinuxGuest, buildLinuxGuest, type LinuxGuest } from './linux/build-linux-guest.ts';
export { type RunProgram, runProgram } from './linux/run-program.ts';
export * from './tiny-guest.ts';
