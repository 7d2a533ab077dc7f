export { type CloudHypervisorDriverDeps, createCloudHypervisorDriver } from './driver.ts';
