import type { Vm } from '@mvirt/api/schema';
import { type MvirtError, toMvirtError } from '@mvirt/domain';
import type { Part } from '../keymap/command.ts';
import type { Message } from '../layout/footer-lines.ts';
import { plainText } from '../layout/text.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { Agent, AgentAction } from './agent.ts';

/** Actions on VMs, and what is said about them. None is waited for. */
export function createVmActs(deps: { agent: Agent; signal: AbortSignal; connected: () => boolean; say: (text: string, tone: Message['tone']) => void }) {
  const { agent, signal, say } = deps;

  /** Sent while nobody answers, it would be done whenever the agent comes back. */
  function away(what: string): boolean {
    if (deps.connected()) return false;
    say(`${what}: the agent cannot be reached`, 'bad');
    return true;
  }

  async function actOn(action: AgentAction, vm: Vm): Promise<{ text: string; error: MvirtError | null }> {
    try {
      const answer = await agent.act(action, vm.id, { signal });
      const what = action === 'delete' ? 'deleted' : answer.changed ? answer.vm.state : `nothing to do, it is ${answer.vm.state}`;
      return { text: `${vmLabel(vm)}: ${answer.note ?? what}`, error: null };
    } catch (error) {
      const { message, hint } = toMvirtError(error);
      return { text: `${message}; ${hint}`, error: toMvirtError(error) };
    }
  }

  async function act(action: AgentAction, vms: readonly Vm[]): Promise<void> {
    const what = vms.length === 1 && vms[0] ? `${vmLabel(vms[0])}: ${action}` : `${action}: ${vms.length} VMs`;
    if (away(what)) return;
    say(`${what} …`, 'busy');
    const answers = await Promise.all(vms.map((vm) => actOn(action, vm)));
    if (signal.aborted) return;
    const [first] = answers;
    const failed = answers.filter((answer) => answer.error !== null);
    if (vms.length === 1 && first) say(first.text, first.error === null ? 'good' : 'bad');
    else if (failed.length === 0) say(`${what}: done`, 'good');
    else say(`${action}: ${vms.length - failed.length} done, ${failed.length} not: ${failed[0]?.text ?? ''}`, 'bad');
  }

  async function detach(vm: Vm, part: Part): Promise<void> {
    const what = part.kind === 'disk' ? `disk ${plainText(part.path)}` : `NIC ${plainText(part.mac)}`;
    if (away(`${vmLabel(vm)}: ${what}`)) return;
    say(`${vmLabel(vm)}: taking ${what} away …`, 'busy');
    try {
      const answer = part.kind === 'disk' ? await agent.detachDisk(vm.id, part.path, { signal }) : await agent.detachNic(vm.id, part.mac, { signal });
      say(answer.note ?? `${vmLabel(vm)}: detached ${what}`, answer.note === null ? 'good' : 'warning');
    } catch (error) {
      const { message, hint } = toMvirtError(error);
      if (!signal.aborted) say(`${message}; ${hint}`, 'bad');
    }
  }

  return {
    act: (action: AgentAction, vms: readonly Vm[]): void => void act(action, vms),
    detach: (vm: Vm, part: Part): void => void detach(vm, part),
  };
}
