import type { ActionDocument } from '@mvirt/api/schema';
import { MvirtError } from '@mvirt/domain/error';
import { errorTable, exitStatus } from '@mvirt/domain/error-table';
import { reportError } from '../output/errors.ts';
import { writeDocument } from '../output/json.ts';
import { printable } from '../output/table.ts';
import { nameOf, stateWord } from '../output/vm-lines.ts';
import { toCliError } from './failure.ts';
import type { Invocation } from './invocation.ts';
import { named } from './usage-error.ts';

type Outcome = { reference: string; answer: ActionDocument; error: null } | { reference: string; answer: null; error: MvirtError };

/** Does one action to each VM named, all of them tried; the first failure's exit status. done: such as "started". */
export async function eachVm(invocation: Invocation, done: string, act: (vm: string) => Promise<ActionDocument>): Promise<number> {
  const references = invocation.args.vm ?? [];
  const outcomes = await Promise.all(references.map((reference) => attempt(invocation, reference, act)));
  if (invocation.json) writeResults(invocation, outcomes);
  else for (const outcome of outcomes) writeOutcome(invocation, outcome, done);
  const first = outcomes.find((outcome) => outcome.error !== null)?.error;
  return first ? errorTable[first.code].exit : exitStatus.done;
}

async function attempt({ command, signal }: Invocation, reference: string, act: (vm: string) => Promise<ActionDocument>): Promise<Outcome> {
  try {
    return { reference, answer: await act(reference), error: null };
  } catch (thrown) {
    const error = signal.aborted
      ? new MvirtError({ code: 'CANCELLED', message: `${reference}: interrupted`, cause: thrown })
      : named(toCliError(thrown), command);
    return { reference, answer: null, error };
  }
}

function writeOutcome({ io }: Invocation, { answer, error }: Outcome, done: string): void {
  if (answer === null) reportError(io, false, error);
  else
    io.stdout.write(
      `${nameOf(answer.vm)}: ${answer.changed ? done : `nothing to do, it is ${stateWord(answer.vm.state)}`}${diskWords(answer)}${answer.note ? ` (${answer.note})` : ''}\n`,
    );
}

function diskWords({ disks }: ActionDocument): string {
  if (disks === undefined) return '';
  const gone = disks.removed.length === 0 ? '' : `, with its own disk ${disks.removed.map(printable).join(', ')}`;
  return disks.kept.length === 0 ? gone : `${gone}; ${disks.kept.map(printable).join(', ')} ${disks.kept.length === 1 ? 'stays' : 'stay'}`;
}

/** Failures are in the results as well as in the exit status; one that no VM could be reached for is an error document. */
function writeResults({ io }: Invocation, outcomes: readonly Outcome[]): void {
  const unreachable = outcomes.find((outcome) => outcome.error?.code === 'AGENT_UNREACHABLE')?.error;
  if (unreachable) throw unreachable;
  const results = outcomes.map(({ reference, answer, error }) =>
    answer === null
      ? {
          id: null,
          name: reference,
          changed: false,
          state: null,
          note: null,
          disks: null,
          error: { code: error.code, message: error.message, hint: error.hint },
        }
      : {
          id: answer.vm.id,
          name: answer.vm.name,
          changed: answer.changed,
          state: answer.vm.state,
          note: answer.note,
          disks: answer.disks ?? null,
          error: null,
        },
  );
  writeDocument(io, { results });
}
