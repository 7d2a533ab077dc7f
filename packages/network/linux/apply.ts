import { MvirtError, toMvirtError } from '@mvirt/domain';
import type { Processes, ProcessIdentity, Programs } from '@mvirt/host';
import type { Step } from '../plan.ts';
import { ipTimeoutMs } from './read-links.ts';

/**
 * Runs the steps; when one fails or the caller goes, undoes what was done, in reverse. @throws NETWORK_ERROR, CANCELLED, PROGRAM_MISSING.
 * The signal is looked at between steps only: a program ended halfway would leave it open what it did.
 */
export async function applySteps(steps: readonly Step[], programs: Programs, { signal, processes }: ApplyOptions = {}): Promise<void> {
  const done: Undo[] = [];
  try {
    for (const step of steps) {
      if (signal?.aborted) throw new MvirtError({ code: 'CANCELLED', message: `${step.why}: the caller has gone`, cause: signal.reason });
      if (step.end !== undefined && processes !== undefined) await endProcess(step.end, processes, step.why);
      else await runStep(step, programs, done);
    }
  } catch (thrown) {
    const left = await undo(done, programs);
    const error = toMvirtError(thrown);
    if (left.length === 0) throw error;
    throw new MvirtError({ code: error.code, message: `${error.message}; not undone: ${left.join('; ')}`, hint: error.hint, cause: thrown });
  }
}

/** processes: for steps that end one. */
export type ApplyOptions = { signal?: AbortSignal; processes?: Pick<Processes, 'signal' | 'onEnd'> };

const politeMs = 2_000;
const endMs = 5_000;

async function endProcess(identity: ProcessIdentity, processes: Pick<Processes, 'signal' | 'onEnd'>, why: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  using _watch = processes.onEnd(identity, resolve);
  const hurry = setTimeout(() => processes.signal(identity, 'SIGKILL'), politeMs);
  const late = setTimeout(() => reject(new MvirtError({ code: 'NETWORK_ERROR', message: `${why}: process ${identity.pid} does not end` })), endMs);
  try {
    processes.signal(identity, 'SIGTERM');
    await promise;
  } finally {
    clearTimeout(hurry);
    clearTimeout(late);
  }
}

type Undo = { argv: string[]; input: string | undefined };

async function runStep(step: Step, programs: Programs, done: Undo[]): Promise<void> {
  const undo: Undo | null = step.undo === null ? null : { argv: step.undo, input: step.undoInput };
  try {
    await programs.run(step.do, { timeoutMs: ipTimeoutMs, ...(step.input !== undefined && { input: step.input }) });
  } catch (thrown) {
    const error = toMvirtError(thrown);
    // Whether it took effect is not known.
    if (error.code === 'TIMEOUT' && undo !== null) done.push(undo);
    if (error.code === 'PROGRAM_MISSING') throw error;
    const code = error.code === 'DISK_FULL' ? error.code : 'NETWORK_ERROR';
    throw new MvirtError({ code, message: `${step.why}: ${error.message}`, cause: thrown });
  }
  if (undo !== null) done.push(undo);
}

/** Undoes all it can and answers with what it could not. */
async function undo(done: readonly Undo[], programs: Programs): Promise<string[]> {
  const left: string[] = [];
  for (const { argv, input } of done.toReversed()) {
    await programs
      .run(argv, { timeoutMs: ipTimeoutMs, ...(input !== undefined && { input }) })
      .catch((thrown: unknown) => left.push(`${argv.join(' ')} (${toMvirtError(thrown).message})`));
  }
  return left;
}
