import { resolve } from 'node:path';
import { argument, has, type Invocation, last } from '../../cli/invocation.ts';
import { reportAction } from '../../cli/one-vm.ts';
import { usageError } from '../../cli/usage-error.ts';

export async function run(invocation: Invocation): Promise<number> {
  const format = last(invocation, 'format');
  if (format !== undefined && format !== 'raw' && format !== 'qcow2') throw usageError(`--format: "${format}" is neither raw nor qcow2`, 'attach-disk');
  const request: Parameters<ReturnType<Invocation['api']>['vm']['attachDisk']['mutate']>[0] = {
    vm: argument(invocation, 'vm'),
    path: resolve(invocation.io.cwd, argument(invocation, 'path')),
    readonly: has(invocation, 'ro'),
    ...(format === undefined ? {} : { format }),
  };
  return reportAction(invocation, await invocation.api().vm.attachDisk.mutate(request, { signal: invocation.signal }), 'disk attached');
}
