import { resolve } from 'node:path';
import { argument, type Invocation } from '../../cli/invocation.ts';
import { reportAction } from '../../cli/one-vm.ts';

export async function run(invocation: Invocation): Promise<number> {
  const request = { vm: argument(invocation, 'vm'), path: resolve(invocation.io.cwd, argument(invocation, 'path')) };
  return reportAction(invocation, await invocation.api().vm.detachDisk.mutate(request, { signal: invocation.signal }), 'disk detached');
}
