import { confirm } from '../../cli/confirm.ts';
import { eachVm } from '../../cli/each-vm.ts';
import type { Invocation } from '../../cli/invocation.ts';

export async function run(invocation: Invocation): Promise<number> {
  const api = invocation.api();
  await confirm(invocation, (names) => `delete ${names}? Settings, logs and console history are lost; disks stay.`);
  return eachVm(invocation, 'deleted', (vm) => api.vm.delete.mutate({ vm }, { signal: invocation.signal }));
}
