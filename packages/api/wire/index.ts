export * from './enums.ts';
export * from './int64.ts';
export * from './messages.ts';
export * from './metadata.ts';
export { createVmServiceDefinition, loadProto, type VmMethods, type VmServiceDefinition } from './service.ts';
