export type { GrpcLimits, GrpcServer, GrpcServerDeps } from './server.ts';
