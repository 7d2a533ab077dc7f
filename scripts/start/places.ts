// Where this checkout keeps what belongs to `npm start`.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';

export const root = realpathSync(join(import.meta.dir, '../..'));
export const folder = join(root, 'tmp');
export const socket = join(folder, 'agent.sock');
/** Where gRPC clients outside its network namespace find the agent. */
export const grpcSocket = join(folder, 'grpc.sock');
export const dataDir = join(folder, 'data');
export const agentLog = join(folder, 'agent.log');
/** The command line from the sources. */
export const mvirtProgram = [process.execPath, join(root, 'apps/mvirt/main.ts')];
/** For people: relative to the checkout, with paths that a shell takes. */
export const short = (path: string): string => path.replace(`${root}/`, './');
