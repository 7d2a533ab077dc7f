import { argument, type Invocation } from '../../cli/invocation.ts';
import { createPaint } from '../../output/colour.ts';
import { writeDocument } from '../../output/json.ts';
import { vmDetails } from '../../output/vm-lines.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, client, signal } = invocation;
  const vm = await client().get(argument(invocation, 'vm'), { signal });
  if (json) writeDocument(io, { vm });
  else io.stdout.write(vmDetails(vm, createPaint(io.stdout.isTerminal, io.env), Date.now()));
  return 0;
}
