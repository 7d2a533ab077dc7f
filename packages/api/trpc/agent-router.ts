import { apiVersion } from '../schema/api-version.ts';
import type { AgentVersion } from '../schema/index.ts';
import type { Trpc } from './trpc.ts';

/** The agent itself. */
export function agentRouter({ router, procedure }: Trpc) {
  return router({
    version: procedure.query(({ ctx }): AgentVersion => ({ version: ctx.status().version, apiVersion })),
    status: procedure.query(({ ctx }) => ctx.status()),
  });
}
