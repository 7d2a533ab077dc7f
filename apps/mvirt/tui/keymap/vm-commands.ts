import type { Vm } from '@mvirt/api/schema';
import { shellLine } from '../layout/format.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { Actions } from './actions.ts';
import { type Command, usable, type View } from './command.ts';
import type { Mode } from './mode.ts';
import { vmWord } from './vm-word.ts';

export const agentIsLost = 'the agent cannot be reached';

/** What is done to the marked VMs, else to the selected one; and the way to a new one. */
export const vmCommands: readonly Command[] = [
  onVm({ id: 'console', title: "type into the VM's console", hint: 'console', key: 'enter', when: ['list'], one: true, refuse: usable }, (actions) =>
    actions.focus('console'),
  ),
  {
    id: 'create',
    title: 'create a VM',
    hint: 'create',
    keys: ['c'],
    when: ['list', 'logs'],
    disabledReason: (view) => (view.connected ? null : agentIsLost),
    cliLine: () => 'mvirt create',
    run: (actions) => actions.openForm({ kind: 'create' }),
  },
  onVm({ id: 'start', title: 'start the VM', key: 's', refuse: refuseStart }, (actions, vms) => actions.act('start', vms)),
  onVm({ id: 'stop', title: 'stop the VM: its guest shuts down', key: 'S', refuse: refuseStop }, (actions, vms) => actions.act('stop', vms)),
  onVm({ id: 'kill', title: 'kill the VM: power off at once', key: 'k', refuse: refuseKill }, (actions, vms) => actions.confirm('kill', vms)),
  onVm({ id: 'delete', title: 'delete the VM with its own disk; others stay', key: 'd', when: ['list', 'logs'], refuse: refuseDelete }, (actions, vms) =>
    actions.confirm('delete', vms),
  ),
];

/** The same, needed less often. */
export const moreVmCommands: readonly Command[] = [
  onVm(
    { id: 'get', title: 'all about the VM; its disks and NICs', hint: 'info', key: 'i', when: ['list', 'logs'], one: true, refuse: usable },
    (actions, [vm]) => {
      if (vm) actions.openDetails(vm);
    },
  ),
  {
    ...onVm({ id: 'ssh', title: "log in to the VM's guest with ssh", key: 'e', one: true, refuse: usable }, (actions, [vm]) => {
      if (vm) actions.ssh(vm);
    }),
    disabledReason: (view) => (view.selected === null ? noVm : view.connected ? refuseUnreached(view.selected) : agentIsLost),
  },
  {
    ...onVm({ id: 'set', title: 'change its name, vCPUs, memory, restarts', hint: 'edit', key: 'E', one: true, refuse: usable }, (actions, [vm]) => {
      if (vm) actions.openForm({ kind: 'set', vm });
    }),
    disabledReason: (view) => (view.selected === null ? noVm : view.connected ? null : agentIsLost),
  },
  onVm({ id: 'reboot', title: 'reset the VM', key: 'r', refuse: refuseUp }, (actions, vms) => actions.act('reboot', vms)),
  onVm({ id: 'pause', title: "halt the VM's CPUs", key: 'p', refuse: refusePause }, (actions, vms) => actions.act('pause', vms)),
  onVm({ id: 'resume', title: 'let a paused VM go on', key: 'P', refuse: refuseResume }, (actions, vms) => actions.act('resume', vms)),
];

const noVm = 'no VM is selected';

type VmCommand = {
  id: string;
  title: string;
  hint?: string;
  key: string;
  when?: readonly Mode[];
  /** Takes the selected VM, whatever is marked, and needs no agent. */
  one?: boolean;
  refuse: (vm: Vm) => string | null;
};

function onVm(
  { id, title, hint = id, key, when = ['list', 'logs', 'details'], one = false, refuse }: VmCommand,
  run: (actions: Actions, vms: readonly Vm[]) => void,
): Command {
  const targets = (view: View): readonly Vm[] => (!one && view.marked.length > 0 ? view.marked : view.selected === null ? [] : [view.selected]);
  const refusal = (vm: Vm): string | null => refuse(vm) ?? vm.unavailable[id] ?? null;
  const able = (view: View): readonly Vm[] => targets(view).filter((vm) => refusal(vm) === null);
  return {
    id,
    title,
    hint,
    keys: [key],
    when,
    disabledReason: (view) => {
      const [first] = targets(view);
      if (first === undefined) return noVm;
      if (!one && !view.connected) return agentIsLost;
      return able(view).length > 0 ? null : refusal(first);
    },
    cliLine: (view) => {
      const vms = able(view).length > 0 ? able(view) : targets(view);
      return vms.length === 0 ? null : shellLine(['mvirt', id, ...vms.map((vm) => vmWord(vm, view.vms()))]);
    },
    run: (actions, view) => run(actions, able(view)),
  };
}

const stopped = (vm: Vm): string => `${vmLabel(vm)} is stopped`;

function refuseStart(vm: Vm): string | null {
  return vm.state === 'stopped' ? null : `${vmLabel(vm)} is ${vm.state} already`;
}

function refuseStop(vm: Vm): string | null {
  if (vm.state === 'stopped') return `${stopped(vm)} already`;
  return vm.state === 'stopping' ? `${vmLabel(vm)} is stopping already; k kills it` : null;
}

function refuseKill(vm: Vm): string | null {
  return vm.state === 'stopped' ? `${stopped(vm)} already` : null;
}

function refuseDelete(vm: Vm): string | null {
  return vm.state === 'stopped' ? null : `${vmLabel(vm)} is ${vm.state}; stop it first`;
}

function refuseUp(vm: Vm): string | null {
  if (vm.state === 'stopped') return stopped(vm);
  return vm.state === 'running' || vm.state === 'paused' ? null : `${vmLabel(vm)} is ${vm.state}`;
}

function refusePause(vm: Vm): string | null {
  return vm.state === 'running' ? null : `${vmLabel(vm)} is ${vm.state}`;
}

function refuseResume(vm: Vm): string | null {
  return vm.state === 'paused' ? null : `${vmLabel(vm)} is not paused`;
}

function refuseUnreached(vm: Vm): string | null {
  if (vm.state !== 'running') return `${vmLabel(vm)} is ${vm.state}`;
  if (vm.nics.length === 0) return `${vmLabel(vm)} has no NIC`;
  return vm.nics.some(({ addresses }) => addresses.length > 0) ? null : `${vmLabel(vm)} has no address yet`;
}
