export * from './enums.ts';
export * from './int64.ts';
export * from './messages.ts';
export { createVmServiceDefinition, loadProto, type VmMethods, type VmServiceDefinition } from './service.ts';
