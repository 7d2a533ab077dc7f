import { existsSync } from 'node:fs';
import type { Disk, LaunchNic, MvirtError } from '@mvirt/domain';
import type { Clock } from '../clock.ts';
import { createDepartures } from '../departures.ts';
import { deviceErrors } from '../device-errors.ts';
import { diskDevice, macOfDevice, nicDevice } from '../device-names.ts';
import type { CallOptions, Removal } from '../driver.ts';
import { createLock } from '../lock.ts';
import { blockNode, diskFrontend, nicFrontend, nicNode } from './launch-plan.ts';
import { backendOf, diskNode, nicBackend } from './names.ts';
import { type QmpLink, QmpRefusal } from './qmp.ts';
import { anything } from './qmp-replies.ts';
import { createSlots } from './slots.ts';

export type Devices = {
  attachDisk(disk: Disk, options: CallOptions): Promise<void>;
  detachDisk(path: string, options: CallOptions): Promise<Removal>;
  attachNic(nic: LaunchNic, options: CallOptions): Promise<void>;
  detachNic(mac: string, options: CallOptions): Promise<Removal>;
  /** Paths of the disks, by block node. */
  nodes(): Map<string, string>;
  /** QEMU says that the guest let go of it: takes its backend away before anybody is told, and answers with what it was to the user. */
  removed(device: string): Promise<string>;
};

export type DevicesDeps = {
  link: Pick<QmpLink, 'call'>;
  clock: Clock;
  disks: Disk[];
  /** How long a guest may take to let go before the removal counts as pending; a live Linux takes 0.1 s. */
  removalMs?: number;
};

type Adding = { add: [string, Record<string, unknown>]; remove: [string, Record<string, unknown>] };

/** What is plugged into one VM. Which slot is free is read from QEMU each time: no table can drift from the truth. */
export function createDevices({ link, clock, disks, removalMs }: DevicesDeps): Devices {
  const pathOf = new Map(disks.map((disk) => [diskDevice(disk.path), disk.path]));
  const slots = createSlots(link);
  const inLine = createLock();
  const departures = createDepartures({ clock, ...(removalMs === undefined ? {} : { removalMs }) });

  /** A backend may be left over from a removal that an agent did not live to finish. */
  const addBackend = async ({ add, remove }: Adding, options: CallOptions): Promise<void> => {
    try {
      await link.call(...add, anything, options);
    } catch (error) {
      if (!(error instanceof QmpRefusal) || !/duplicate/i.test(error.desc)) throw error;
      await link.call(...remove, anything, options);
      await link.call(...add, anything, options);
    }
  };

  const plug = async (adding: Adding, frontend: (port: string) => Record<string, unknown>, options: CallOptions): Promise<void> => {
    const port = await slots.free(options);
    if (port === null) throw deviceErrors.noSlot('detach something, or stop and start the VM: each start gives 8 free slots');
    await using undo = new AsyncDisposableStack();
    await addBackend(adding, options);
    undo.defer(async () => void (await quietly(link.call(...adding.remove, anything, {}))));
    await link.call('device_add', frontend(port), anything, { ...options, timeoutMs: 5000 });
    undo.move();
  };

  const removeBackend = async (device: string): Promise<void> => {
    const belongs = backendOf(device);
    if (belongs?.kind === 'disk') await quietly(link.call('blockdev-del', { 'node-name': belongs.backend }, anything, {}));
    if (belongs?.kind === 'nic') await quietly(link.call('netdev_del', { id: belongs.backend }, anything, {}));
  };

  const unplug = async (device: string, missing: MvirtError, options: CallOptions): Promise<Removal> => {
    const gone = departures.expect(device, options);
    try {
      await inLine(async () => {
        if (!(await slots.devices(options)).has(device)) {
          // An agent that died before it plugged the device in, or after it was gone, leaves a backend that holds the disk's lock.
          await removeBackend(device);
          throw missing;
        }
        await requestRemoval(device, options);
      });
      return await gone.wait();
    } finally {
      gone.cancel();
    }
  };

  /** Asked for again while it is pending: QEMU repeats the request to the guest, or says that it is under way. */
  const requestRemoval = async (device: string, options: CallOptions): Promise<void> => {
    try {
      await link.call('device_del', { id: device }, anything, options);
    } catch (error) {
      if (error instanceof QmpRefusal && /in the process of unplug|not found/i.test(error.desc)) return;
      throw error;
    }
  };

  return {
    nodes: () => new Map([...pathOf.values()].map((path) => [diskNode(path), path])),
    attachDisk: (disk, options) =>
      inLine(async () => {
        const device = diskDevice(disk.path);
        if ((await slots.devices(options)).has(device)) throw deviceErrors.diskAttached(disk.path);
        if (!existsSync(disk.path)) throw deviceErrors.noDiskFile(disk.path);
        const backend = diskNode(disk.path);
        const adding: Adding = { add: ['blockdev-add', blockNode(disk)], remove: ['blockdev-del', { 'node-name': backend }] };
        await plug(adding, (port) => diskFrontend(disk, port), options);
        pathOf.set(device, disk.path);
      }),
    detachDisk: (path, options) => {
      const missing = deviceErrors.noDisk(path);
      if (!pathOf.has(diskDevice(path))) return Promise.reject(missing);
      return unplug(diskDevice(path), missing, options);
    },
    attachNic: (nic, options) =>
      inLine(async () => {
        const device = nicDevice(nic.mac);
        if ((await slots.devices(options)).has(device)) throw deviceErrors.nicAttached(nic.mac);
        const backend = nicBackend(nic.mac);
        const adding: Adding = { add: ['netdev_add', nicNode(nic)], remove: ['netdev_del', { id: backend }] };
        await plug(adding, (port) => nicFrontend(nic, port), options);
      }),
    detachNic: (mac, options) => unplug(nicDevice(mac), deviceErrors.noNic(mac), options),
    async removed(device) {
      const name = pathOf.get(device) ?? macOfDevice(device);
      pathOf.delete(device);
      await inLine(() => removeBackend(device));
      departures.left(device);
      return name;
    },
  };
}

/** A backend that cannot be removed now is removed when its name is needed again. */
async function quietly(work: Promise<unknown>): Promise<void> {
  await work.catch(() => {});
}
