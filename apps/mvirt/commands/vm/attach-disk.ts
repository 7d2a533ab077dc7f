import { resolve } from 'node:path';
import type { VmClient } from '@mvirt/api/client';
import { argument, has, type Invocation, last } from '../../cli/invocation.ts';
import { reportAction } from '../../cli/one-vm.ts';
import { usageError } from '../../cli/usage-error.ts';

export async function run(invocation: Invocation): Promise<number> {
  const format = last(invocation, 'format');
  if (format !== undefined && format !== 'raw' && format !== 'qcow2') throw usageError(`--format: "${format}" is neither raw nor qcow2`, 'attach-disk');
  const { client, signal, io } = invocation;
  const disk: Parameters<VmClient['attachDisk']>[1] = {
    path: resolve(io.cwd, argument(invocation, 'path')),
    readonly: has(invocation, 'ro'),
    ...(format === undefined ? {} : { format }),
  };
  return reportAction(invocation, await client().attachDisk(argument(invocation, 'vm'), disk, { signal }), 'disk attached');
}
