import { argument, type Invocation, last } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { durationMs } from '../../cli/values.ts';
import { writeDocument } from '../../output/json.ts';
import { nameOf } from '../../output/vm-lines.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json } = invocation;
  const state = argument(invocation, 'state');
  if (state !== 'running' && state !== 'stopped') throw usageError(`wait: "${state}" is neither running nor stopped`, 'wait');
  const timeoutMs = durationMs(last(invocation, 'timeout') ?? '60s', '--timeout');
  const vm = await invocation.api().vm.wait.mutate({ vm: argument(invocation, 'vm'), state, timeoutMs }, { signal: invocation.signal });
  if (json) writeDocument(io, { vm });
  else io.stdout.write(`${nameOf(vm)}: ${vm.state}\n`);
  return 0;
}
