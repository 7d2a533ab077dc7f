import { eachVm } from '../../cli/each-vm.ts';
import type { Invocation } from '../../cli/invocation.ts';

export async function run(invocation: Invocation): Promise<number> {
  const api = invocation.api();
  return eachVm(invocation, 'resumed', (vm) => api.vm.resume.mutate({ vm }, { signal: invocation.signal }));
}
