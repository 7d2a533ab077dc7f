export { parseServer, type ServerAddress, urlOf } from './address.ts';
export { createGrpcVmClient } from './vm-client.ts';
export type { Tls } from './wire-client.ts';
