import { errorTable, exitStatus } from '@mvirt/domain/error-table';
import { type Invocation, last } from '../../cli/invocation.ts';
import { wholeNumber } from '../../cli/values.ts';
import { writeDocument } from '../../output/json.ts';
import { printable } from '../../output/table.ts';
import { nameOf, stateText } from '../../output/vm-lines.ts';

/** Exit status of the first VM that could not be stopped. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, json, signal } = invocation;
  const seconds = wholeNumber(last(invocation, 'timeout') ?? '90', '--timeout');
  const drained = await invocation.api().vm.drain.mutate({ graceMs: seconds === 0 ? null : seconds * 1000 }, { signal });
  if (json) {
    writeDocument(io, {
      results: drained.map(({ vm, error }) => ({ id: vm.id, name: vm.name, changed: error === null, state: vm.state, note: null, disks: null, error })),
    });
  } else {
    for (const { vm, error } of drained) {
      if (error === null) io.stdout.write(`${nameOf(vm)}: ${stateText(vm)}, ${vm.keepRunning ? "started again at the host's boot" : 'as asked before'}\n`);
      else io.stderr.write(`mvirt: ${printable(error.message)}\nhint: ${printable(error.hint)}\n`);
    }
    if (drained.length === 0) io.stdout.write('no VM is up\n');
  }
  const failed = drained.find(({ error }) => error !== null)?.error;
  return failed ? errorTable[failed.code].exit : exitStatus.done;
}
