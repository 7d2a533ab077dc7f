export * from './choose-subnet.ts';
export * from './ip.ts';
export * from './lease.ts';
export * from './managed.ts';
export * from './managed-port.ts';
export * from './names.ts';
export * from './plan.ts';
export * from './port.ts';
