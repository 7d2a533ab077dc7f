import type { Vm } from '@mvirt/api/schema';
import type { AgentProcess } from '../agent-process.ts';
import type { NetNamespace } from '../net-namespace.ts';
import type { TempDir } from '../temp-dir.ts';
import { waitFor } from '../wait-for.ts';
import { kernelView } from './kernel-view.ts';
import { forget, modelOf, type Slot } from './slot.ts';
import { keyOf } from './vm-model.ts';

/** For what takes a moment on a busy host, as a guest that has to let go of a disk. */
export const settleMs = 60_000;

/** Those of one run and the logs; a run takes away what the ones before it have left. */
const mostRunFiles = 16;

export type Compared = { agent: AgentProcess; dir: TempDir; namespace: NetNamespace; slots: Slot[] };

/** After a restart: what is listed may be, and is what the kernel shows. */
export async function compare({ agent, dir, namespace, slots }: Compared): Promise<void> {
  let last = '';
  const settled = async (): Promise<Vm[] | null> => {
    const listed = await agent.api.vm.list.query();
    last = JSON.stringify(listed.map(({ name, state, responsive }) => ({ name, state, responsive })));
    return listed.every((vm) => modelOf(vm) !== undefined) ? listed : null;
  };
  const listed = await told(
    () => waitFor('every VM to be settled', settled, { timeoutMs: settleMs }),
    () => last,
  );
  for (const slot of slots) {
    const vm = listed.find(({ name }) => name === slot.name);
    const seen = modelOf(vm) ?? null;
    if (!slot.ends.some((end) => keyOf(end) === keyOf(seen))) {
      throw new Error(`${slot.name} is ${keyOf(seen)}; by what was told it is one of:\n    ${slot.ends.map(keyOf).join('\n    ')}`);
    }
    const waiting = Object.keys(vm?.pending ?? {}).filter((key) => key !== 'memoryBytes');
    if (waiting.length > 0) throw new Error(`${slot.name}: ${waiting.join(', ')} waits for its next start, and nobody asked for that`);
    if (slot.pid !== null && slot.pid !== vm?.pid)
      throw new Error(`${slot.name} ran as process ${slot.pid}, and is ${vm?.pid ?? 'off'} now, though nobody stopped it`);
    slot.ends = [seen];
    slot.pid = seen !== null && seen.state !== 'stopped' ? (vm?.pid ?? null) : null;
    if (slot.id !== (vm?.id ?? null)) forget(slot, vm?.id ?? null);
  }
  let difference: string | null = null;
  const same = () => {
    difference = differenceOf(listed, kernelView({ dataDir: dir.join('data'), enter: namespace.enter, agentPid: agent.pid }));
    return difference === null;
  };
  await told(
    () => waitFor('the kernel to show what is listed', same, { timeoutMs: settleMs }),
    () => `${difference}\nagent:\n${agent.stderr().slice(-4000)}`,
  );
}

async function told<T>(wait: () => Promise<T>, more: () => string): Promise<T> {
  try {
    return await wait();
  } catch (thrown) {
    throw new Error(`${thrown instanceof Error ? thrown.message : String(thrown)}: ${more()}`, { cause: thrown });
  }
}

/** null: there is none. */
function differenceOf(listed: Vm[], { vmms, strays, taps, folders, files }: ReturnType<typeof kernelView>): string | null {
  const up = listed.filter(({ state }) => state !== 'stopped');
  const by = (things: unknown[]): string => JSON.stringify(things.map((thing) => JSON.stringify(thing)).toSorted());
  const running = up.map(({ id, pid }) => ({ id, pid }));
  const seen = vmms.map(({ vmId, pid }) => ({ id: vmId, pid }));
  if (by(running) !== by(seen)) return `listed as up: ${by(running)}; VMMs: ${by(seen)}`;
  if (strays.length > 0) return `processes that are no VM's: ${strays.join('; ')}`;
  const kept = up.flatMap(({ nics }) => nics.map(({ tap }) => tap));
  // A guest that is paused lets go of nothing, whatever was detached.
  const paused = listed.filter(({ state }) => state === 'paused').map(({ id }) => `mvirt-${id.slice(0, 8)}`);
  const wanted = taps.filter((tap) => kept.includes(tap) || !paused.some((owner) => tap.startsWith(owner)));
  if (by(kept) !== by(wanted)) return `TAPs listed: ${by(kept)}; there are: ${by(taps)}`;
  const alien = folders.filter((folder) => !listed.some(({ id }) => id === folder));
  if (alien.length > 0) return `run directories of no VM: ${alien.join(', ')}`;
  const crowded = files.find((names) => names.length > mostRunFiles);
  if (crowded !== undefined) return `a run directory in which runs leave more and more: ${crowded.join(', ')}`;
  for (const vm of up) {
    const vmm = vmms.find(({ pid }) => pid === vm.pid);
    const devices = by([...vm.disks.map(({ path }) => path), `${vm.nics.length} TAPs`]);
    const has = by([...(vmm?.disks ?? []), `${vmm?.taps} TAPs`]);
    if (vm.state === 'running' && devices !== has) return `${vm.name} has ${devices} by what is listed; its VMM holds ${has}`;
  }
  return null;
}
