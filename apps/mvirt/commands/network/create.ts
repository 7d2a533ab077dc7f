import { argument, has, type Invocation, last } from '../../cli/invocation.ts';
import { writeDocument } from '../../output/json.ts';
import { createdLine, stepLines } from '../../output/network-lines.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, api, signal } = invocation;
  const dryRun = has(invocation, 'dry-run');
  const name = argument(invocation, 'name');
  const input = { name, ...subnet(invocation, 'ipv4'), ...subnet(invocation, 'ipv6'), spoofGuard: last(invocation, 'spoof-guard') !== 'off', dryRun };
  const { network, steps } = await api().network.create.mutate(input, { signal });
  if (json) writeDocument(io, { network, steps, dryRun });
  else io.stdout.write(dryRun ? stepLines(steps) : createdLine(network));
  return 0;
}

/** Not given: the agent chooses. */
function subnet(invocation: Invocation, family: 'ipv4' | 'ipv6'): { [family in 'ipv4' | 'ipv6']?: string | null } {
  const given = last(invocation, family);
  return given === undefined ? {} : { [family]: given === 'none' ? null : given };
}
