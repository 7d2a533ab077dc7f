import { argument, type Invocation } from '../../cli/invocation.ts';
import { writeDocument } from '../../output/json.ts';
import { printable } from '../../output/table.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, api, signal } = invocation;
  const image = await api().image.remove.mutate({ name: argument(invocation, 'name') }, { signal });
  if (json) writeDocument(io, { image });
  else io.stdout.write(`${printable(image.name)}: removed\n`);
  return 0;
}
