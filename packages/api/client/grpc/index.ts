export { parseServer, type ServerAddress, urlOf } from './address.ts';
export type { Tls } from './tls.ts';
export { createGrpcVmClient } from './vm-client.ts';
