import { createInterface } from 'node:readline/promises';
import { MvirtError } from '@mvirt/domain';
import { printable } from '../output/table.ts';
import { has, type Invocation } from './invocation.ts';

/** Asks on a terminal, naming what is lost; --yes answers, and without a terminal there is no question. @throws CANCELLED */
export async function confirm(invocation: Invocation, question: (names: string) => string): Promise<void> {
  const { io } = invocation;
  if (has(invocation, 'yes') || !io.stdinIsTerminal || !io.stderr.isTerminal) return;
  const names = (invocation.args.vm ?? []).map(printable).join(', ');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question(names)} [y/N] `, { signal: invocation.signal }).finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new MvirtError({ code: 'CANCELLED', message: 'nothing was done', hint: 'answer y, or give --yes' });
}
