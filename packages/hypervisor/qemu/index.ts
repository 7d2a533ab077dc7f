export { createQemuDriver, type QemuDriverDeps } from './driver.ts';
