import type { Invocation } from '../../cli/invocation.ts';
import { productVersion } from '../../cli/product-version.ts';
import { writeDocument } from '../../output/json.ts';
import { printable } from '../../output/table.ts';

/** Works without an agent too: its version is then absent. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, json } = invocation;
  const agent = await agentVersion(invocation);
  if (json) writeDocument(io, { version: productVersion, agentVersion: agent });
  else io.stdout.write(`mvirt ${productVersion}\nagent ${agent === null ? 'not reachable' : printable(agent)}\n`);
  return 0;
}

async function agentVersion({ client, signal }: Invocation): Promise<string | null> {
  try {
    return await client().version({ signal });
  } catch {
    return null; // asked for a version, told one: an agent that does not run is no failure here
  }
}
