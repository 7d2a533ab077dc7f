import type { Vm } from '@mvirt/api/schema';
import { argument, type Invocation, last } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { durationMs } from '../../cli/values.ts';
import { writeDocument } from '../../output/json.ts';
import { printable } from '../../output/table.ts';
import { nameOf } from '../../output/vm-lines.ts';

const conditions = ['running', 'stopped', 'ip', 'ssh'] as const;
type Condition = (typeof conditions)[number];

export async function run(invocation: Invocation): Promise<number> {
  const { io, json } = invocation;
  const given = argument(invocation, 'condition');
  const condition = conditions.find((known) => known === given);
  if (condition === undefined) throw usageError(`wait: "${given}" is none of ${conditions.join(', ')}`, 'wait');
  const timeoutMs = durationMs(last(invocation, 'timeout') ?? '60s', '--timeout');
  const vm = await waitFor(invocation, argument(invocation, 'vm'), condition, timeoutMs);
  if (json) writeDocument(io, { vm });
  else io.stdout.write(`${nameOf(vm)}: ${outcome(vm, condition)}\n`);
  return 0;
}

export function waitFor({ api, signal }: Invocation, vm: string, state: Condition, timeoutMs: number): Promise<Vm> {
  return api().vm.wait.mutate({ vm, state, timeoutMs }, { signal });
}

/** What was waited for, for people: the state, or where the VM is. */
export function outcome({ state, nics }: Vm, condition: Condition): string {
  const addresses = printable(nics.flatMap((nic) => nic.addresses).join(' '));
  if (condition === 'ip') return addresses;
  return condition === 'ssh' ? `answers to ssh at ${addresses}` : state;
}
