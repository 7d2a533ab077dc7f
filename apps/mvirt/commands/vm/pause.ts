import { eachVm } from '../../cli/each-vm.ts';
import type { Invocation } from '../../cli/invocation.ts';

export async function run(invocation: Invocation): Promise<number> {
  const api = invocation.api();
  return eachVm(invocation, 'paused', (vm) => api.vm.pause.mutate({ vm }, { signal: invocation.signal }));
}
