import type { AgentApi } from '@mvirt/api/client';
import { tinyGuestPath } from '@mvirt/guests';
import { pick } from './seed.ts';
import type { Effect, VmModel } from './vm-model.ts';

/** One operation on one VM, through the agent's socket. */
export type Move = { title: string; effect: Effect; run(api: AgentApi, vm: string): Promise<unknown> };

type Random = (below: number) => number;
type Some = NonNullable<VmModel>;
/** mac of the n-th NIC that may come and go; disk of the n-th disk. */
export type Things = { disks: string[]; macs: string[] };

const on =
  (effect: (vm: Some) => VmModel | undefined): Effect =>
  (vm) =>
    vm === null ? undefined : effect(vm);
const into = (from: Some['state'][], state: Some['state']): Effect => on((vm) => (from.includes(vm.state) ? { ...vm, state } : undefined));
const without = (list: string[], thing: string): string[] => list.filter((other) => other !== thing);

/** Ample for a guest that hears its button on a busy host. */
const graceMs = 60_000;

const create = (mac: string): Move => ({
  title: 'create',
  effect: (vm) => (vm === null ? { state: 'stopped', memoryMib: 64, note: '', disks: [], macs: [mac] } : undefined),
  run: (api, vm) => api.vm.create.mutate({ name: vm, kernel: tinyGuestPath(), cmdline: 'numbers', memoryMib: 64, nics: [{ mac }] }),
});
const remove: Move = {
  title: 'delete',
  effect: on((vm) => (vm.state === 'stopped' ? null : undefined)),
  run: (api, vm) => api.vm.delete.mutate({ vm }),
};
const start: Move = { title: 'start', effect: into(['stopped', 'running'], 'running'), run: (api, vm) => api.vm.start.mutate({ vm }) };
const stop: Move = { title: 'stop', effect: into(['stopped', 'running', 'paused'], 'stopped'), run: (api, vm) => api.vm.stop.mutate({ vm, graceMs }) };
const kill: Move = { title: 'kill', effect: into(['stopped', 'running', 'paused'], 'stopped'), run: (api, vm) => api.vm.kill.mutate({ vm }) };
const pause: Move = { title: 'pause', effect: into(['running', 'paused'], 'paused'), run: (api, vm) => api.vm.pause.mutate({ vm }) };
const resume: Move = { title: 'resume', effect: into(['running', 'paused'], 'running'), run: (api, vm) => api.vm.resume.mutate({ vm }) };
const reboot: Move = { title: 'reboot', effect: into(['running'], 'running'), run: (api, vm) => api.vm.reboot.mutate({ vm }) };

const note = (text: string): Move => ({
  title: `set note=${text}`,
  effect: on((vm) => ({ ...vm, note: text })),
  run: (api, vm) => api.vm.set.mutate({ vm, labels: { note: text } }),
});
const memory = (memoryMib: number): Move => ({
  title: `set memory=${memoryMib}`,
  effect: on((vm) => ({ ...vm, memoryMib })),
  run: (api, vm) => api.vm.set.mutate({ vm, memoryMib }),
});
const attachDisk = (path: string): Move => ({
  title: `attach ${path.replace(/.*\//, '')}`,
  effect: on((vm) => (vm.disks.includes(path) ? undefined : { ...vm, disks: [...vm.disks, path] })),
  run: (api, vm) => api.vm.attachDisk.mutate({ vm, path }),
});
const detachDisk = (path: string): Move => ({
  title: `detach ${path.replace(/.*\//, '')}`,
  effect: on((vm) => (vm.disks.includes(path) ? { ...vm, disks: without(vm.disks, path) } : undefined)),
  run: (api, vm) => api.vm.detachDisk.mutate({ vm, path }),
});
const attachNic = (mac: string): Move => ({
  title: `attach ${mac}`,
  effect: on((vm) => (vm.macs.includes(mac) ? undefined : { ...vm, macs: [...vm.macs, mac] })),
  run: (api, vm) => api.vm.attachNic.mutate({ vm, mac }),
});
const detachNic = (mac: string): Move => ({
  title: `detach ${mac}`,
  effect: on((vm) => (vm.macs.includes(mac) ? { ...vm, macs: without(vm.macs, mac) } : undefined)),
  run: (api, vm) => api.vm.detachNic.mutate({ vm, mac }),
});

/** A move that the agent has to make: none of these is refused on such a VM. */
export function chooseMove(random: Random, vm: VmModel, things: Things, round: number): Move {
  if (vm === null) return create(pick(random, things.macs));
  const disk = pick(random, things.disks);
  const mac = pick(random, things.macs);
  const devices = [vm.disks.includes(disk) ? detachDisk(disk) : attachDisk(disk), vm.macs.includes(mac) ? detachNic(mac) : attachNic(mac)];
  const changes = [note(`r${round}-${random(1000)}`), memory(64 + random(4) * 16)];
  if (vm.state === 'stopped') return pick(random, [start, start, start, start, start, remove, ...changes, ...devices]);
  if (vm.state === 'paused') return pick(random, [resume, resume, resume, stop, kill, ...changes]);
  return pick(random, [stop, kill, kill, pause, reboot, ...changes, ...devices, ...devices, ...devices]);
}

/** What comes in between, and may well be refused. */
export const chooseRival = (random: Random, things: Things): Move =>
  pick(random, [start, stop, kill, kill, pause, resume, remove, attachDisk(pick(random, things.disks)), detachNic(pick(random, things.macs))]);
