import type { Invocation } from '../../cli/invocation.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { runAgent } = await import('@mvirt/agent');
  const socket = invocation.socketFlag === undefined ? [] : ['--socket', invocation.socketFlag];
  return runAgent([...socket, ...invocation.rest]);
}
