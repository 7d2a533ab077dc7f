import { MvirtError } from '@mvirt/domain/error';
import { printable } from '../output/table.ts';
import { has, type Invocation } from './invocation.ts';

/** Asks on a terminal, naming what is lost; --yes answers, and without a terminal there is no question. @throws CANCELLED */
export async function confirm(invocation: Invocation, question: (names: string) => string): Promise<void> {
  const { io, signal } = invocation;
  if (has(invocation, 'yes') || !io.stdinIsTerminal || !io.stderr.isTerminal) return;
  const names = (invocation.args.vm ?? []).map(printable).join(', ');
  io.stderr.write(`${question(names)} [y/N] `);
  const answer = await readAnswer(signal);
  if (answer === null) io.stderr.write('\n');
  if (!/^y(es)?$/i.test(answer?.trim() ?? '')) throw new MvirtError({ code: 'CANCELLED', message: 'nothing was done', hint: 'answer y, or give --yes' });
}

/** One line; null at the input's end. The terminal keeps its own line editing, so that Ctrl-C stays a signal. */
async function readAnswer(signal: AbortSignal): Promise<string | null> {
  // Loaded where there is a question.
  const { createInterface } = await import('node:readline');
  const lines = createInterface({ input: process.stdin, terminal: false });
  const { promise, resolve, reject } = Promise.withResolvers<string | null>();
  lines.once('line', resolve).once('close', () => resolve(null));
  const interrupted = () => reject(signal.reason);
  signal.addEventListener('abort', interrupted, { once: true });
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', interrupted);
    lines.close();
  }
}
