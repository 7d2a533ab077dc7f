import { eachVm } from '../../cli/each-vm.ts';
import type { Invocation } from '../../cli/invocation.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { client, signal } = invocation;
  return eachVm(invocation, 'started', (vm) => client().start(vm, { signal }));
}
