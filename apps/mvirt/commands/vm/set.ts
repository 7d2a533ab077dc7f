import { type RestartPolicy, restartPolicies } from '@mvirt/domain/restart-policy';
import { argument, type Invocation } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { durationMs, memoryMib, pair, wholeNumber } from '../../cli/values.ts';
import { writeDocument } from '../../output/json.ts';
import { printable } from '../../output/table.ts';
import { nameOf } from '../../output/vm-lines.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, args } = invocation;
  const change = parseChanges(args.change ?? []);
  const { vm, warnings, note } = await invocation.api().vm.set.mutate({ vm: argument(invocation, 'vm'), ...change });
  for (const warning of warnings) io.stderr.write(`mvirt: warning: ${printable(warning)}\n`);
  const pending = Object.keys(vm.pending ?? {});
  if (json) writeDocument(io, { vm, note });
  else
    io.stdout.write(
      `${nameOf(vm)}: changed${pending.length > 0 ? `; at its next start: ${pending.join(', ')}` : ''}${note === null ? '' : ` (${printable(note)})`}\n`,
    );
  return 0;
}

export type SetChange = {
  name?: string;
  vcpus?: number;
  memoryMib?: number;
  maxVcpus?: number | null;
  maxMemoryMib?: number | null;
  cmdline?: string | null;
  labels?: Record<string, string | null>;
  restart?: RestartPolicy;
  autostart?: { order?: number; delayMs?: number } | null;
};

/** name=N vcpus=N … as a request. @throws INVALID_ARGUMENT */
export function parseChanges(words: readonly string[]): SetChange {
  const change: SetChange = {};
  for (const word of words) {
    const [key, value] = pair(word, 'set');
    if (key === 'name') change.name = value;
    else if (key === 'vcpus') change.vcpus = wholeNumber(value, 'vcpus');
    else if (key === 'memory') change.memoryMib = memoryMib(value);
    else if (key === 'max-vcpus') change.maxVcpus = value === '' ? null : wholeNumber(value, key);
    else if (key === 'max-memory') change.maxMemoryMib = value === '' ? null : memoryMib(value);
    else if (key === 'cmdline') change.cmdline = value === '' ? null : value;
    else if (key === 'restart') change.restart = oneOf(value, restartPolicies, 'restart');
    else if (key === 'autostart') change.autostart = oneOf(value, ['on', 'off'], 'autostart') === 'on' ? { ...change.autostart } : null;
    else if (key === 'autostart-order') change.autostart = { ...change.autostart, order: wholeNumber(value, key) };
    else if (key === 'autostart-delay') change.autostart = { ...change.autostart, delayMs: durationMs(value, key) };
    else if (key.startsWith('label.')) change.labels = { ...change.labels, [key.slice(6)]: value === '' ? null : value };
    else throw usageError(`set: "${key}" cannot be set; ${settable}`, 'set');
  }
  return change;
}

const settable = 'name, vcpus, memory, max-vcpus, max-memory, cmdline, restart, autostart, autostart-order, autostart-delay and label.KEY can';

function oneOf<T extends string>(value: string, choices: readonly T[], what: string): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw usageError(`set: ${what} is one of ${choices.join(', ')}, not "${value}"`, 'set');
  return found;
}
