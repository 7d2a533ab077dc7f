import { argument, has, type Invocation } from '../../cli/invocation.ts';
import { writeDocument } from '../../output/json.ts';
import { stepLines } from '../../output/network-lines.ts';
import { printable } from '../../output/table.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, api, signal } = invocation;
  const dryRun = has(invocation, 'dry-run');
  const { network, steps } = await api().network.remove.mutate({ name: argument(invocation, 'name'), dryRun }, { signal });
  if (json) writeDocument(io, { network, steps, dryRun });
  else io.stdout.write(dryRun ? stepLines(steps) : `${printable(network.name)}: removed\n`);
  return 0;
}
