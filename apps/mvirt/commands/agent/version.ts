import { buildInfo } from '@mvirt/domain/build-info';
import type { Invocation } from '../../cli/invocation.ts';
import { writeDocument } from '../../output/json.ts';
import { printable } from '../../output/table.ts';

/** Works without an agent too: its version is then absent. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, json } = invocation;
  const agent = await agentVersion(invocation);
  const { version, commit, date } = buildInfo;
  const origin = commit === null ? '' : ` (${commit.slice(0, 12)}${date === null ? '' : ` of ${date}`})`;
  if (json) writeDocument(io, { version, commit, date, agentVersion: agent.version });
  else io.stdout.write(`mvirt ${version}${origin}\nagent ${printable(agent.version ?? agent.why)}\n`);
  return 0;
}

async function agentVersion({ client, signal }: Invocation): Promise<{ version: string } | { version: null; why: string }> {
  try {
    const version = await client().version({ signal });
    return version === null ? { version, why: 'of a release that does not say which' } : { version };
  } catch {
    return { version: null, why: 'not reachable' }; // asked for a version, told one: an agent that does not run is no failure here
  }
}
