import type { Vm } from '@mvirt/api/schema';
import { shellLine } from '../layout/format.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { AgentAction } from '../stores/agent.ts';
import type { Command, View } from './command.ts';

export type VmActions = {
  act: (action: AgentAction, vm: Vm) => void;
  /** Asks first, naming what is lost. */
  confirm: (action: 'kill' | 'delete', vm: Vm) => void;
  openConsole: () => void;
  openCreate: () => void;
};

/** What is done to the selected VM, and the way to a new one. */
export function vmCommands(actions: VmActions): Command[] {
  return [
    onVm({
      id: 'console',
      title: "type into the VM's console",
      hint: 'console',
      key: 'enter',
      words: ['console'],
      refuse: () => null,
      run: () => actions.openConsole(),
    }),
    {
      id: 'create',
      title: 'create a VM',
      hint: 'create',
      keys: ['c'],
      when: notTyping,
      disabledReason: (view) => (view.connected ? null : lost),
      commandLine: () => 'mvirt create',
      run: () => actions.openCreate(),
    },
    onVm({ id: 'start', title: 'start the VM', hint: 'start', key: 's', words: ['start'], refuse: refuseStart, run: (vm) => actions.act('start', vm) }),
    onVm({
      id: 'stop',
      title: 'stop the VM: its guest shuts down',
      hint: 'stop',
      key: 'S',
      words: ['stop'],
      refuse: refuseStop,
      run: (vm) => actions.act('stop', vm),
    }),
    onVm({
      id: 'kill',
      title: 'kill the VM: power off at once',
      hint: 'kill',
      key: 'k',
      words: ['kill'],
      refuse: refuseKill,
      run: (vm) => actions.confirm('kill', vm),
    }),
    onVm({
      id: 'delete',
      title: 'delete the VM',
      hint: 'delete',
      key: 'd',
      words: ['delete'],
      refuse: refuseDelete,
      run: (vm) => actions.confirm('delete', vm),
    }),
  ];
}

const lost = 'the agent cannot be reached';
const notTyping = (view: View): boolean => view.focus !== 'console';

type VmCommand = { id: string; title: string; hint: string; key: string; words: string[]; refuse: (vm: Vm) => string | null; run: (vm: Vm) => void };

function onVm({ id, title, hint, key, words, refuse, run }: VmCommand): Command {
  return {
    id,
    title,
    hint,
    keys: [key],
    when: (view) => notTyping(view) && (id !== 'console' || view.focus === 'list'),
    disabledReason: (view) => {
      if (view.selected === null) return 'no VM is selected';
      if (id === 'console') return null;
      if (!view.connected) return lost;
      return refuse(view.selected) ?? view.selected.unavailable[id] ?? null;
    },
    commandLine: (view) => (view.selected === null ? null : shellLine(['mvirt', ...words, view.selected.name ?? view.selected.id])),
    run: (view) => {
      if (view.selected !== null) run(view.selected);
    },
  };
}

const refuseStart = (vm: Vm): string | null => (vm.state === 'stopped' ? null : `${vmLabel(vm)} is ${vm.state} already`);

function refuseStop(vm: Vm): string | null {
  if (vm.state === 'stopped') return `${vmLabel(vm)} is stopped already`;
  return vm.state === 'stopping' ? `${vmLabel(vm)} is stopping already; k kills it` : null;
}

const refuseKill = (vm: Vm): string | null => (vm.state === 'stopped' ? `${vmLabel(vm)} is stopped already` : null);

const refuseDelete = (vm: Vm): string | null => (vm.state === 'stopped' ? null : `${vmLabel(vm)} is ${vm.state}; stop it first`);
