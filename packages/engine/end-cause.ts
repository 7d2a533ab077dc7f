import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { causeOf, type ExitCause, type ExitCauseKind, exitCause, MvirtError, type VmId, vmLabel } from '@mvirt/domain';
import { readEnd, runFiles } from '@mvirt/host';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { within } from './deadline.ts';
import { runDirOf } from './run-dir.ts';
import { hintFor } from './vm-label.ts';

const abnormal = new Set<ExitCauseKind>(['vmm-exit', 'vmm-signal', 'guest-panic', 'out-of-memory', 'start-failed', 'not-observable']);

const hints: Partial<Record<ExitCauseKind, string>> = {
  'vmm-exit': 'mvirt logs VM shows what the hypervisor said; start it again: mvirt start VM',
  'vmm-signal': 'somebody, or the kernel for want of memory, ended the VMM (dmesg says which); start it again: mvirt start VM',
  'guest-panic': "mvirt logs VM --console shows the guest's last words; start it again: mvirt start VM",
  'out-of-memory': 'give the VM less memory, or the host more: mvirt set VM memory=N',
  'not-observable': 'mvirt logs VM may show why; start it again: mvirt start VM',
  'host-reboot': 'start it again: mvirt start VM',
};

const tailBytes = 4096;
const tailLines = 20;
const tailDeadlineMs = 500;

/** An end as it is kept: an abnormal one with the last lines of the hypervisor and of the console, and a hint. sinceMs: when it began; what the files held before says nothing of it. */
export async function describeEnd(
  context: EngineContext,
  vm: StoredVm,
  seen: ExitCause,
  sinceMs = vm.run?.live ? vm.run.startedAtMs : null,
): Promise<ExitCause> {
  const kept = seen.hint ?? hints[seen.kind] ?? null;
  const hint = kept === null ? null : hintFor(kept, vm);
  if (!abnormal.has(causeOf(vm.condition.stop, seen).kind)) return { ...seen, hint };
  const runFile = (name: string) => join(runDirOf(context.dataDir, vm.id), name);
  const isOfThisRun = (name: string) => sinceMs !== null && (lstatSync(runFile(name), { throwIfNoEntry: false })?.mtimeMs ?? 0) >= sinceMs;
  const hypervisorTail = seen.hypervisorTail ?? (isOfThisRun(runFiles.messages) ? fileTail(runFile(runFiles.messages)) : null);
  const consoleTail = seen.consoleTail ?? (isOfThisRun(runFiles.console) ? await consoleText(context, vm.id) : null);
  return { ...seen, hint, hypervisorTail, consoleTail };
}

/** Why a start failed, in the words of whoever knew. */
export function startFailure(error: MvirtError): ExitCause {
  return exitCause('start-failed', error.message, { hint: error.hint });
}

/** The same, for whoever asked for the start. */
export function startFailed(vm: StoredVm, error: MvirtError): MvirtError {
  const message = `VM ${vmLabel(vm)} could not be started: ${error.message}`;
  return new MvirtError({ code: 'START_FAILED', message, hint: hintFor(error.hint, vm), cause: error });
}

async function consoleText({ consoles, clock, log }: EngineContext, id: VmId): Promise<string | null> {
  const late = () => new MvirtError({ code: 'TIMEOUT', message: `not read within ${tailDeadlineMs} ms` });
  try {
    return lastLines(await within(consoles.tailText(id, tailBytes), { clock, timeoutMs: tailDeadlineMs, late }));
  } catch (thrown) {
    log.warn('the end of the console could not be read', { vm: id, error: String(thrown) });
    return null;
  }
}

/** null: the VMM had not come so far as to say something. */
function fileTail(path: string): string | null {
  const bytes = readEnd(path, tailBytes);
  return bytes === null ? null : lastLines(bytes.toString('utf8'));
}

function lastLines(text: string): string | null {
  const tail = text.trimEnd().split('\n').slice(-tailLines).join('\n');
  return tail === '' ? null : tail;
}
