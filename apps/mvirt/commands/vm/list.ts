import type { VmDocument } from '@mvirt/api/schema';
import { observedStates } from '@mvirt/domain/vm-condition';
import { all, has, type Invocation, last } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { pair } from '../../cli/values.ts';
import { createPaint } from '../../output/colour.ts';
import { writeDocument } from '../../output/json.ts';
import { printable } from '../../output/table.ts';
import { vmTable } from '../../output/vm-lines.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, client, signal } = invocation;
  const wanted = filter(invocation);
  const vms = (await client().list({ signal })).filter(wanted);
  if (json) writeDocument(io, { vms });
  else if (has(invocation, 'quiet')) io.stdout.write(vms.map((vm) => `${printable(vm.id)}\n`).join(''));
  else io.stdout.write(vmTable(vms, createPaint(io.stdout.isTerminal, io.env), Date.now()));
  return 0;
}

function filter(invocation: Invocation): (vm: VmDocument) => boolean {
  const state = last(invocation, 'state');
  if (state !== undefined && !observedStates.some((known) => known === state))
    throw usageError(`--state: "${state}" is not one of ${observedStates.join(', ')}`, 'list');
  const labels = all(invocation, 'label').map((text) => pair(text, '--label'));
  return (vm) => {
    if (labels.length > 0 && vm.labels === null) throw usageError('--label: labels cannot be had over gRPC', 'list');
    return (state === undefined || vm.state === state) && labels.every(([key, value]) => vm.labels?.[key] === value);
  };
}
