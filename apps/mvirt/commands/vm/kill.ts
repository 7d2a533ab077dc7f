import { confirm } from '../../cli/confirm.ts';
import { eachVm } from '../../cli/each-vm.ts';
import type { Invocation } from '../../cli/invocation.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { client, signal } = invocation;
  await confirm(invocation, (names) => `kill ${names}? What the guest has not written to disk is lost.`);
  return eachVm(invocation, 'killed', (vm) => client().kill(vm, { signal }));
}
