export { createGrpcServer, grpcLimits } from './serve.ts';
export type { GrpcLimits, GrpcServer, GrpcServerDeps } from './server.ts';
