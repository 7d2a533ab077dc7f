import { bytesPerMib, MvirtError } from '@mvirt/domain';
import type { CallOptions } from '../driver.ts';
import type { SizeHand } from '../resizing.ts';
import { type QmpLink, QmpRefusal } from './qmp.ts';
import { anything, cpusReply, kvmReply, memoryReply } from './qmp-replies.ts';

const cpuDevice = (place: number): string => `cpu-${place}`;
export const isCpu = (device: string): boolean => device.startsWith('cpu-');

/** CPUs and DIMMs that come and go (-smp maxcpus, -m maxmem). What there is, is read from QEMU each time. */
export function createSizeHand(link: Pick<QmpLink, 'call'>): SizeHand {
  /** CPUs that the guest was asked to let go of. */
  const leaving = new Set<string>();
  const cpus = (options: CallOptions) => link.call('query-hotpluggable-cpus', {}, cpusReply, options);

  const add = async (count: number, options: CallOptions): Promise<void> => {
    const free = (await cpus(options)).filter(({ path }) => path === null).toSorted((a, b) => a.place - b.place);
    if (free.length < count) throw new MvirtError({ code: 'UNSUPPORTED', message: 'QEMU was started for fewer vCPUs' });
    for (const { driver, place, props } of free.slice(0, count)) await link.call('device_add', { driver, id: cpuDevice(place), ...props }, anything, options);
  };

  /** An emulating QEMU has room for so many CPU threads in its life, one that was removed included, and aborts at the next (tried on 7.2). */
  const refuseWhereEmulating = async (options: CallOptions): Promise<void> => {
    if ((await link.call('query-kvm', {}, kvmReply, options)).enabled) return;
    throw new MvirtError({ code: 'UNSUPPORTED', message: 'a QEMU that emulates takes no vCPUs from a running guest' });
  };

  /** The last ones first, and never the one that the guest boots on. */
  const remove = async (count: number, options: CallOptions): Promise<void> => {
    await refuseWhereEmulating(options);
    const present = (await cpus(options)).flatMap(({ path, place }) => (path === null || place === 0 ? [] : [{ path, place }]));
    for (const { path } of present.toSorted((a, b) => b.place - a.place).slice(0, count)) {
      leaving.add(path);
      await link.call('device_del', { id: path }, anything, options);
    }
  };

  return {
    async read(_known, options) {
      const present = (await cpus(options)).flatMap(({ path }) => path ?? []);
      const bytes = await link.call('query-memory-size-summary', {}, memoryReply, options);
      for (const path of leaving) if (!present.includes(path)) leaving.delete(path);
      return { vcpus: present.length, memoryMib: bytes / bytesPerMib, removing: leaving.size > 0 };
    },
    async setVcpus(wanted, options) {
      const present = (await cpus(options)).filter(({ path }) => path !== null).length;
      if (wanted > present) await add(wanted - present, options);
      else await remove(present - wanted, options);
    },
    async growMemory(fromMib, toMib, options) {
      const memory = `memory-${toMib}`;
      await link.call('object-add', { 'qom-type': 'memory-backend-ram', id: memory, size: (toMib - fromMib) * bytesPerMib }, anything, options);
      try {
        await link.call('device_add', { driver: 'pc-dimm', id: `dimm-${toMib}`, memdev: memory }, anything, options);
      } catch (error) {
        await link.call('object-del', { id: memory }, anything, {});
        const isFull = error instanceof QmpRefusal && /not enough space|no (free )?slots/i.test(error.desc);
        throw isFull ? new MvirtError({ code: 'UNSUPPORTED', message: error.message, cause: error }) : error;
      }
    },
  };
}
