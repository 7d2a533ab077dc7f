import { eachVm } from '../../cli/each-vm.ts';
import { type Invocation, last } from '../../cli/invocation.ts';
import { wholeNumber } from '../../cli/values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { client, signal } = invocation;
  const seconds = wholeNumber(last(invocation, 'timeout') ?? '30', '--timeout');
  const graceMs = seconds === 0 ? null : seconds * 1000;
  return eachVm(invocation, 'stopped', (vm) => client().stop(vm, graceMs, { signal }));
}
