import { eachVm } from '../../cli/each-vm.ts';
import { type Invocation, last } from '../../cli/invocation.ts';
import { wholeNumber } from '../../cli/values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const seconds = wholeNumber(last(invocation, 'timeout') ?? '30', '--timeout');
  const graceMs = seconds === 0 ? null : seconds * 1000;
  const api = invocation.api();
  return eachVm(invocation, 'stopped', (vm) => api.vm.stop.mutate({ vm, graceMs }, { signal: invocation.signal }));
}
