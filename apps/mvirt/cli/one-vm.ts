import type { ActionDocument } from '@mvirt/api/schema';
import { writeDocument } from '../output/json.ts';
import { nameOf } from '../output/vm-lines.ts';
import type { Invocation } from './invocation.ts';

/** Shows what an action did to the one VM that it is for; failures are thrown. done: such as "disk attached". */
export function reportAction({ io, json }: Invocation, { vm, changed, note }: ActionDocument, done: string): number {
  if (json) writeDocument(io, { results: [{ id: vm.id, name: vm.name, changed, state: vm.state, note, disks: null, error: null }] });
  else io.stdout.write(`${nameOf(vm)}: ${changed ? done : 'nothing to do'}${note ? ` (${note})` : ''}\n`);
  return 0;
}
