import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createGrpcServer, type GrpcLimits, type GrpcServer } from '@mvirt/api/grpc';
import type { Services } from '@mvirt/engine';

export type GrpcBridge = AsyncDisposable & {
  /** What a client connects to: `unix:/path` or `127.0.0.1:PORT`. */
  target: string;
  server: GrpcServer;
  /** Failures that were defects of ours, as "Method: message". */
  defects: string[];
};

/** The version that a bridge of a test says. */
export const bridgeVersion = '0.0.1';

/** The real bridge over the given services, at a Unix socket's path or on a free loopback port (null), without asking who connects. */
export async function serveGrpc(services: Services, path: string | null, limits: Partial<GrpcLimits> = {}): Promise<GrpcBridge> {
  const defects: string[] = [];
  const server = createGrpcServer({ services, version: bridgeVersion, onDefect: (failure, method) => defects.push(`${method}: ${failure.message}`), limits });
  const door = createServer((socket) => server.accept(socket));
  await new Promise<void>((resolve, reject) => {
    door.once('error', reject);
    if (path === null) door.listen(0, '127.0.0.1', resolve);
    else door.listen(path, resolve);
  });
  const address = door.address();
  return {
    target: typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : `unix:${path}`,
    server,
    defects,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => door.close(resolve));
      await server.close();
      await closed;
      if (path !== null) rmSync(path, { force: true });
    },
  };
}
