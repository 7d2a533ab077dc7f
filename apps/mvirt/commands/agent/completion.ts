import { argument, type Invocation } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { completionScript, shells } from '../../completion/scripts.ts';
import { writeDocument } from '../../output/json.ts';

/** Needs no agent. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, json } = invocation;
  const wanted = argument(invocation, 'shell');
  const shell = shells.find((one) => one === wanted);
  if (shell === undefined) throw usageError(`there is no completion for ${wanted}: it is for ${shells.join(', ')}`, 'completion');
  const script = completionScript(shell);
  if (json) writeDocument(io, { shell, script });
  else io.stdout.write(script);
  return 0;
}
