import type { Vm } from '@mvirt/api/schema';
import { shellLine } from '../layout/format.ts';
import { vmLabel } from '../layout/vm-row.ts';
import { type Command, noLine, type Part, usable, type View } from './command.ts';
import { agentIsLost } from './vm-commands.ts';
import { vmWord } from './vm-word.ts';

/** Devices come and go in the details, while the VM runs too. */
export const detailCommands: readonly Command[] = [
  onDevice({ id: 'attach-disk', title: 'add a disk', hint: 'add disk', key: 'a' }, (actions, vm) => actions.openForm({ kind: 'attach-disk', vm })),
  onDevice({ id: 'attach-nic', title: 'add a NIC', hint: 'add NIC', key: 'n' }, (actions, vm) => actions.openForm({ kind: 'attach-nic', vm })),
  {
    id: 'detach',
    title: 'take the disk or NIC at the cursor away',
    hint: 'take away',
    keys: ['x'],
    when: ['details'],
    disabledReason: (view) => {
      if (view.part === null) return 'the cursor is on no disk or NIC';
      return refuseDevice(view, view.part.kind === 'disk' ? 'detach-disk' : 'detach-nic');
    },
    cliLine: ({ selected, part, vms }) => (selected === null || part === null ? null : detachLine(selected, part, vms())),
    run: (actions, { selected, part }) => {
      if (selected !== null && part !== null) actions.detach(selected, part);
    },
  },
  {
    id: 'copy-value',
    title: 'copy what stands at the cursor',
    hint: 'copy',
    keys: ['y'],
    when: ['details'],
    disabledReason: usable,
    cliLine: noLine,
    run: (actions) => actions.copy('seen'),
  },
];

const detachLine = (vm: Vm, part: Part, vms: readonly Vm[]): string =>
  shellLine(['mvirt', part.kind === 'disk' ? 'detach-disk' : 'detach-nic', vmWord(vm, vms), part.kind === 'disk' ? part.path : part.mac]);

type OnDevice = { id: 'attach-disk' | 'attach-nic'; title: string; hint: string; key: string };

function onDevice({ id, title, hint, key }: OnDevice, run: (actions: Parameters<Command['run']>[0], vm: Vm) => void): Command {
  return {
    id,
    title,
    hint,
    keys: [key],
    when: ['details'],
    disabledReason: (view) => refuseDevice(view, id),
    cliLine: ({ selected, vms }) => (selected === null ? null : shellLine(['mvirt', id, vmWord(selected, vms())])),
    run: (actions, view) => {
      if (view.selected !== null) run(actions, view.selected);
    },
  };
}

function refuseDevice({ selected, connected }: View, action: string): string | null {
  if (selected === null) return 'no VM is selected';
  if (!connected) return agentIsLost;
  if (selected.state === 'starting' || selected.state === 'stopping') return `${vmLabel(selected)} is ${selected.state}`;
  return selected.unavailable[action] ?? null;
}
