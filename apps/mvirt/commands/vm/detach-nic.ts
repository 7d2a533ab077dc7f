import { argument, type Invocation } from '../../cli/invocation.ts';
import { reportAction } from '../../cli/one-vm.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { client, signal } = invocation;
  return reportAction(invocation, await client().detachNic(argument(invocation, 'vm'), argument(invocation, 'mac'), { signal }), 'NIC detached');
}
