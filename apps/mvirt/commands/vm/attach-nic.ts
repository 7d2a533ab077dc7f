import { argument, type Invocation, last } from '../../cli/invocation.ts';
import { reportAction } from '../../cli/one-vm.ts';
import { network } from '../../cli/values.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { tap, mac: macOfNetwork, network: on, ips } = network(last(invocation, 'network') ?? 'default');
  const mac = last(invocation, 'mac') ?? macOfNetwork;
  const { client, signal } = invocation;
  const nic = { ...(tap === null ? {} : { tap }), ...(mac === null ? {} : { mac }), ...(on === null ? {} : { network: on, ips }) };
  return reportAction(invocation, await client().attachNic(argument(invocation, 'vm'), nic, { signal }), 'NIC attached');
}
