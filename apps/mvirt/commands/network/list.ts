import type { Invocation } from '../../cli/invocation.ts';
import { writeDocument } from '../../output/json.ts';
import { networkTable } from '../../output/network-lines.ts';

export async function run({ io, json, api, signal }: Invocation): Promise<number> {
  const networks = await api().network.list.query(undefined, { signal });
  if (json) writeDocument(io, { networks });
  else io.stdout.write(networkTable(networks));
  return 0;
}
