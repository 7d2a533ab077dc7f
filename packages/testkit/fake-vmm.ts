import { MvirtError } from '@mvirt/domain';
import type { CallOptions, Vmm } from '@mvirt/hypervisor';
import type { FakeMachine } from './fake-guest.ts';

/** One agent's view of a fake VMM: every call takes a turn, and a hung one ends by its deadline. */
export function createFakeVmm(machine: FakeMachine, { deadlineMs }: { deadlineMs: number }): Vmm {
  let closed = false;

  const answer = async ({ signal }: CallOptions): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    if (machine.state().hung) await outwait(signal);
    if (machine.state().observed === 'ended') throw new MvirtError({ code: 'HYPERVISOR_ERROR', message: 'the VMM has ended' });
  };

  const outwait = async (signal?: AbortSignal): Promise<void> => {
    const deadline = Date.now() + deadlineMs;
    while (machine.state().hung) {
      signal?.throwIfAborted();
      if (Date.now() >= deadline) throw new MvirtError({ code: 'HYPERVISOR_UNRESPONSIVE', message: 'the VMM does not answer' });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };

  const detach = async (device: string, options: CallOptions): Promise<'removed' | 'pending'> => {
    await answer(options);
    machine.pending.add(device);
    if (!machine.manners.ejects || machine.state().observed === 'paused') return 'pending';
    machine.letGo(device);
    return 'removed';
  };

  return {
    process: machine.process,
    listen(listener) {
      machine.facts.listener = (fact) => {
        if (!closed) listener(fact);
      };
      machine.flush();
    },
    async status(options) {
      await answer(options);
      return machine.state().observed === 'paused' ? 'paused' : 'running';
    },
    async pressPowerButton(options) {
      await answer(options);
      machine.pressButton();
    },
    async powerOff(options) {
      await answer(options);
      machine.cutPower();
    },
    async pause(options) {
      await answer(options);
      machine.setPaused(true);
    },
    async resume(options) {
      await answer(options);
      machine.setPaused(false);
    },
    async reset(options) {
      await answer(options);
      machine.reboot();
    },
    async attachDisk(disk, options) {
      await answer(options);
      if (machine.disks.some((other) => other.path === disk.path)) {
        throw new MvirtError({ code: 'DISK_ATTACHED', message: `disk ${disk.path} is attached already` });
      }
      machine.disks.push(disk);
    },
    async detachDisk(path, options) {
      if (!machine.disks.some((disk) => disk.path === path)) throw new MvirtError({ code: 'DISK_NOT_FOUND', message: `no disk ${path} is attached` });
      return detach(path, options);
    },
    async attachNic(nic, options) {
      await answer(options);
      if (machine.nics.some((other) => other.mac === nic.mac)) {
        throw new MvirtError({ code: 'NIC_ATTACHED', message: `a NIC with MAC ${nic.mac} is attached already` });
      }
      machine.nics.push(nic);
    },
    async detachNic(mac, options) {
      if (!machine.nics.some((nic) => nic.mac === mac)) throw new MvirtError({ code: 'NIC_NOT_FOUND', message: `no NIC with MAC ${mac} is attached` });
      return detach(mac, options);
    },
    async resize(size, options) {
      await answer(options);
      return machine.resize(size);
    },
    async blockStats(options) {
      await answer(options);
      return machine.disks.map(({ path }) => ({ path, readBytes: 0, writeBytes: 0, readOperations: 0, writeOperations: 0 }));
    },
    async openInput() {
      let open = true;
      return {
        async write(bytes, { signal }) {
          signal?.throwIfAborted();
          if (!open || machine.state().observed === 'ended') throw new MvirtError({ code: 'CONSOLE_READ_ONLY', message: 'the input line is gone' });
          machine.type(bytes);
        },
        close() {
          open = false;
        },
      };
    },
    close() {
      if (!closed) machine.facts.listener = null;
      closed = true;
    },
  };
}
