import { argument, type Invocation } from '../../cli/invocation.ts';
import { writeDocument } from '../../output/json.ts';
import { networkDetails } from '../../output/network-lines.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, api, signal } = invocation;
  const network = await api().network.get.query({ name: argument(invocation, 'name') }, { signal });
  if (json) writeDocument(io, { network });
  else io.stdout.write(networkDetails(network));
  return 0;
}
