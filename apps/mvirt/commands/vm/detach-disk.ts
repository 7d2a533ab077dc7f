import { resolve } from 'node:path';
import { argument, type Invocation } from '../../cli/invocation.ts';
import { reportAction } from '../../cli/one-vm.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { client, signal, io } = invocation;
  const path = resolve(io.cwd, argument(invocation, 'path'));
  return reportAction(invocation, await client().detachDisk(argument(invocation, 'vm'), path, { signal }), 'disk detached');
}
