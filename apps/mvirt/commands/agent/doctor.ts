import { resolve } from 'node:path';
import type { DoctorCheck } from '@mvirt/api/schema';
import { exitStatus } from '@mvirt/domain/error-table';
import { has, type Invocation, last } from '../../cli/invocation.ts';
import { type Colour, createPaint } from '../../output/colour.ts';
import { writeDocument } from '../../output/json.ts';

const marks: Record<DoctorCheck['status'], [Colour, string]> = { ok: ['green', 'ok'], warning: ['yellow', 'warning'], problem: ['red', 'problem'] };

/** Needs no agent; exit status 1 where something stops VMs from running. */
export async function run(invocation: Invocation): Promise<number> {
  const { io, json, signal, socketFlag } = invocation;
  const { runDoctor } = await import('@mvirt/agent');
  const dataDir = last(invocation, 'data-dir');
  const report = await runDoctor({
    signal,
    fix: has(invocation, 'fix'),
    ...(dataDir === undefined ? {} : { dataDir: resolve(io.cwd, dataDir) }),
    ...(socketFlag === undefined ? {} : { socket: resolve(io.cwd, socketFlag) }),
  });
  if (json) writeDocument(io, report);
  else {
    const paint = createPaint(io.stdout.isTerminal, io.env);
    for (const { status, title, detail, hint } of report.checks) {
      const [colour, word] = marks[status];
      const lines = detail.split('\n').map((line) => `         ${line}\n`);
      io.stdout.write(`${paint(colour, word.padEnd(8))} ${title}\n${lines.join('')}${hint === null ? '' : `         hint: ${hint}\n`}`);
    }
  }
  return report.ok ? exitStatus.done : exitStatus.failed;
}
