import { argument, type Invocation } from '../../cli/invocation.ts';
import { reportAction } from '../../cli/one-vm.ts';

export async function run(invocation: Invocation): Promise<number> {
  const request = { vm: argument(invocation, 'vm'), mac: argument(invocation, 'mac') };
  return reportAction(invocation, await invocation.api().vm.detachNic.mutate(request, { signal: invocation.signal }), 'NIC detached');
}
