import { confirm } from '../../cli/confirm.ts';
import { eachVm } from '../../cli/each-vm.ts';
import type { Invocation } from '../../cli/invocation.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { client, signal } = invocation;
  await confirm(invocation, (names) => `delete ${names}? Settings, logs, console history and disks made from images are lost; other disks stay.`);
  return eachVm(invocation, 'deleted', (vm) => client().delete(vm, { signal }));
}
