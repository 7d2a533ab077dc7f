import type { Vm } from '@mvirt/api/schema';
import { bytesPerMib, changeSpecSchema, toMvirtError } from '@mvirt/domain';
import { parseChanges, type SetChange } from '../../commands/vm/set.ts';
import { shellLine } from '../layout/format.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { Agent } from '../stores/agent.ts';
import { type Form, type Values, withoutOption } from './form.ts';

const fields = [
  { id: 'name', label: 'Name', kind: 'text', example: '1 to 63 of a-z 0-9 -' },
  { id: 'vcpus', label: 'vCPUs', kind: 'text', example: 'at once where the VM can take it, else at its next start' },
  { id: 'memory', label: 'Memory', kind: 'text', example: 'MiB, or with M or G' },
  { id: 'cmdline', label: 'Cmdline', kind: 'text', example: 'of the kernel' },
  { id: 'restart', label: 'Restart', kind: 'text', example: 'never, on-failure or always' },
  { id: 'autostart', label: 'Autostart', kind: 'text', example: 'on or off: at each boot of the host' },
] as const;

/** Changes a VM. Only what was changed is sent. word: how a command line names the VM. */
export function setForm(deps: { agent: Agent; vm: Vm; word: string }): Form {
  const { vm } = deps;
  const initial = initialOf(vm);
  const shown = vm.kernel === null ? fields.filter(({ id }) => id !== 'cmdline') : fields;
  const changes = (values: Values): string[] =>
    shown.filter(({ id }) => (values[id] ?? '').trim() !== initial[id]).map(({ id }) => `${id}=${(values[id] ?? '').trim()}`);
  const fieldOf = (name: string): string | undefined => shown.find(({ id }) => id === name || (id === 'memory' && name === 'memoryMib'))?.id;

  return {
    title: `Change ${vmLabel(vm)}`,
    fields: shown,
    buttons: ['Change'],
    initial,
    fieldOf,
    line: (values) => shellLine(['mvirt', 'set', deps.word, ...changes(values)]),
    async prepare(values) {
      const errors: Record<string, string> = {};
      let change: SetChange = {};
      for (const word of changes(values)) {
        const field = word.slice(0, word.indexOf('='));
        try {
          change = { ...change, ...parseChanges([word]) };
        } catch (error) {
          errors[field] = withoutOption(toMvirtError(error).message);
        }
      }
      if (changes(values).length === 0) errors.form = 'nothing is changed';
      for (const issue of changeSpecSchema.safeParse(change).error?.issues ?? []) errors[fieldOf(String(issue.path[0] ?? '')) ?? 'form'] ??= issue.message;
      if (Object.keys(errors).length > 0) return { errors };
      return {
        errors: null,
        async send(signal) {
          const { vm: changed, warnings, note } = await deps.agent.set(vm.id, change, { signal });
          const pending = Object.keys(changed.pending ?? {});
          return {
            text: `${vmLabel(changed)}: changed${pending.length > 0 ? `; at its next start: ${pending.join(', ')}` : ''}`,
            warnings: note === null ? warnings : [...warnings, note],
            vm: changed,
          };
        },
      };
    },
  };
}

/** As it will be at its next start: a change that waits is not asked for twice. */
function initialOf({ name, vcpus, memoryBytes, cmdline, restart, autostart, pending }: Vm): Record<string, string> {
  const number = (value: unknown, now: number): number => (typeof value === 'number' ? value : now);
  const next = typeof pending?.cmdline === 'string' || pending?.cmdline === null ? pending.cmdline : cmdline;
  return {
    name: name ?? '',
    vcpus: String(number(pending?.vcpus, vcpus)),
    memory: String(number(pending?.memoryBytes, memoryBytes) / bytesPerMib),
    cmdline: next ?? '',
    restart,
    autostart: autostart ? 'on' : 'off',
  };
}
