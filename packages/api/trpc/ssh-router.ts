import type { SshTargetDocument } from '../schema/index.ts';
import { inputs } from '../schema/input.ts';
import type { Trpc } from './trpc.ts';

/** How SSH clients reach guests. Their connections go by ssh-tunnel.ts where the client has no way of its own. */
export function sshRouter({ router, procedure }: Trpc) {
  return router({
    target: procedure.input(inputs.sshTarget).query(async ({ ctx: { services, hungUp, status }, input: { vm, keysWithinMs } }): Promise<SshTargetDocument> => {
      const target = await services.ssh.target(services.vms.resolve(vm, { careful: false }), { keysWithinMs, signal: hungUp });
      return { ...target, network: status().network };
    }),
    forgetHostKeys: procedure.input(inputs.vm).mutation(async ({ ctx: { services }, input }) => {
      const id = services.vms.resolve(input.vm, { careful: false });
      return { vmId: String(id), hostKeys: await services.ssh.forgetHostKeys(id) };
    }),
  });
}
