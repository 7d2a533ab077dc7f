import { MvirtError, resolveVm, type VmId, vmLabel } from '@mvirt/domain';
import type { EngineContext } from './context.ts';
import { within } from './deadline.ts';
import { storedVm } from './device-change.ts';
import { attachDisk, detachDisk } from './disk-plug.ts';
import { drainVms } from './drain.ts';
import type { OwnNetworkService } from './networks/network-service.ts';
import { attachNic, detachNic } from './nic-plug.ts';
import type { ActionResult, VmService, VmSnapshot, WaitOptions } from './services.ts';
import type { Supervisors } from './supervisors.ts';
import { commandVm, killVm, startVm, stopVm } from './vm-actions.ts';
import { createFromContract, createVm } from './vm-create.ts';
import { deleteVm } from './vm-delete.ts';
import { namingVm } from './vm-label.ts';
import { waitForIp, waitForSsh } from './vm-reach.ts';
import { resizeNow } from './vm-resize.ts';
import { setVm } from './vm-set.ts';
import { snapshotOf } from './vm-snapshot.ts';
import { untilVm } from './vm-wait.ts';
import { watchVms } from './vm-watch.ts';

const plugMs = 60_000;
const statsMs = 10_000;

export function createVmService(context: EngineContext, supervisors: Supervisors, networks: Pick<OwnNetworkService, 'use'>): VmService {
  const { store, feed, clock } = context;
  const snapshot = (id: VmId): VmSnapshot => snapshotOf(context, storedVm(context, id));
  const list = (): VmSnapshot[] => store.vms.list().map((vm) => snapshotOf(context, vm));
  const find = (id: VmId): VmSnapshot | null => {
    const vm = store.vms.get(id);
    return vm === null ? null : snapshotOf(context, vm);
  };
  /** The VM is looked up first: an unknown id gets no supervisor. */
  const supervisor = (id: VmId) => supervisors.of(storedVm(context, id).id);
  const answer = (id: VmId, { changed, note = null }: { changed: boolean; note?: string | null }): ActionResult => ({ vm: snapshot(id), changed, note });
  const naming = async <T>(id: VmId, work: () => Promise<T>): Promise<T> => {
    const vm = storedVm(context, id);
    try {
      return await work();
    } catch (thrown) {
      throw namingVm(thrown, vm);
    }
  };
  const act = (id: VmId, work: () => Promise<{ changed: boolean; note?: string | null }>): Promise<ActionResult> =>
    naming(id, async () => answer(id, await work()));
  const late = (what: string, timeoutMs: number) => () => new MvirtError({ code: 'TIMEOUT', message: `${what} is not done after ${timeoutMs / 1000} s` });
  const bounded = <T>(promise: Promise<T>, what: string, timeoutMs: number, { signal }: WaitOptions): Promise<T> =>
    within(promise, { clock, signal, timeoutMs, late: late(what, timeoutMs) });

  return {
    list,
    get: snapshot,
    resolve: (reference, options) => resolveVm(store.vms.names(), reference, options).id,
    async create(input, options = {}) {
      await networks.use((input.nics ?? []).flatMap(({ network }) => network ?? []));
      const { vm, warnings } = await createVm(context, input, options);
      return { vm: snapshotOf(context, vm), warnings };
    },
    async createFromContract(input) {
      const { vm, warnings } = await createFromContract(context, input);
      return { vm: snapshotOf(context, vm), warnings };
    },
    async set(id, change, options = {}) {
      const { warnings, resizes } = setVm(context, id, change);
      const note = resizes ? await bounded(resizeNow(context, supervisor(id), id), 'the resize', plugMs, options) : null;
      return { vm: snapshot(id), warnings, note };
    },
    start: (id, options) => act(id, () => startVm(context, supervisor(id), id, options)),
    stop: (id, options) => act(id, () => stopVm(context, supervisor(id), id, options)),
    kill: (id, options) => act(id, () => killVm(context, supervisor(id), id, options)),
    drain: (options) => drainVms(context, supervisors, options),
    reboot: (id, options) => act(id, () => commandVm(context, supervisor(id), id, 'reboot', options)),
    pause: (id, options) => act(id, () => commandVm(context, supervisor(id), id, 'pause', options)),
    resume: (id, options) => act(id, () => commandVm(context, supervisor(id), id, 'resume', options)),
    async delete(id, { signal }) {
      const before = snapshot(id);
      const disks = await deleteVm(context, supervisors, id, signal);
      return { vm: before, changed: true, note: null, disks };
    },
    attachDisk: (id, disk, options) => act(id, () => bounded(attachDisk(context, supervisor(id), id, disk, options), 'attaching the disk', plugMs, options)),
    detachDisk: (id, path, options) => act(id, () => bounded(detachDisk(context, supervisor(id), id, path), 'detaching the disk', plugMs, options)),
    attachNic: async (id, nic, options) => {
      storedVm(context, id);
      await networks.use(nic.network === undefined ? [] : [nic.network]);
      return act(id, () => bounded(attachNic(context, supervisor(id), id, nic, options), 'attaching the NIC', plugMs, options));
    },
    detachNic: (id, mac, options) => act(id, () => bounded(detachNic(context, supervisor(id), id, mac), 'detaching the NIC', plugMs, options)),
    async wait(id, state, { signal, timeoutMs }) {
      const options = { timeoutMs, ...(signal && { signal }) };
      if (state === 'ip') return snapshotOf(context, await waitForIp(context, id, options));
      if (state === 'ssh') return snapshotOf(context, await waitForSsh(context, id, options));
      const vm = await untilVm(context, id, (now) => now.condition.observed === state, { ...options, what: state });
      return snapshotOf(context, vm);
    },
    watch: ({ signal }) => watchVms({ feed, list, find }, signal),
    async blockStats(id, options) {
      const vm = storedVm(context, id);
      const vmm = supervisor(id).vmm();
      if (vmm === null)
        throw new MvirtError({
          code: 'WRONG_STATE',
          message: `VM ${vmLabel(vm)} is ${vm.condition.observed}: only a running VM has figures`,
          hint: `start it: mvirt start ${vmLabel(vm)}`,
        });
      const reason = context.drivers.capabilities(vm.run?.hypervisor ?? null).blockStats;
      if (reason !== null) throw new MvirtError({ code: 'UNSUPPORTED', message: `VM ${vmLabel(vm)} has no figures of its disks: ${reason}` });
      return naming(id, () => bounded(vmm.blockStats(options), 'reading the figures', statsMs, options));
    },
  };
}
