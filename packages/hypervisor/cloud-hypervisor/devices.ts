import { existsSync } from 'node:fs';
import { type Disk, type LaunchNic, MvirtError } from '@mvirt/domain';
import type { Clock } from '../clock.ts';
import { createDepartures } from '../departures.ts';
import { deviceErrors } from '../device-errors.ts';
import { diskDevice, nicDevice } from '../device-names.ts';
import type { CallOptions, Removal } from '../driver.ts';
import { createLock } from '../lock.ts';
import type { ApiLink } from './api-link.ts';
import { diskConfig, nicConfig } from './launch-plan.ts';
import { ApiRefusal } from './refusal.ts';
import { type Info, infoReply } from './replies.ts';
import { missingTap } from './taps.ts';

export type Devices = {
  attachDisk(disk: Disk, options: CallOptions): Promise<void>;
  detachDisk(path: string, options: CallOptions): Promise<Removal>;
  attachNic(nic: LaunchNic, options: CallOptions): Promise<void>;
  detachNic(mac: string, options: CallOptions): Promise<Removal>;
  /** Paths of the disks, by device. */
  disks(): Map<string, string>;
  /** Takes devices as the VMM says that they are: what another daemon plugged in has ids of its own. */
  learn(info: Info): void;
  /** cloud-hypervisor says that the guest let go of it: what it was to the user; null where that is told already. */
  removed(device: string): string | null;
  /** Tells of devices that left without an event, as a guest's reset makes them. */
  settle(options: CallOptions): Promise<void>;
};

export type DevicesDeps = {
  link: Pick<ApiLink, 'get' | 'put'>;
  clock: Clock;
  disks: readonly Disk[];
  nics: readonly LaunchNic[];
  /** A device has left without an event. */
  onLeft: (device: string) => void;
  removalMs?: number;
};

const plugMs = 5000;

/** What is plugged into one VM. What is there is read from device_tree each time: no table can drift from the truth. */
export function createDevices({ link, clock, disks, nics, onLeft, removalMs }: DevicesDeps): Devices {
  const diskOf = new Map(disks.map(({ path }) => [diskDevice(path), path]));
  const nicOf = new Map(nics.map(({ mac }) => [nicDevice(mac), mac]));
  const departures = createDepartures({ clock, ...(removalMs === undefined ? {} : { removalMs }) });
  const inLine = createLock();
  const info = (options: CallOptions): Promise<Info> => link.get('vm.info', infoReply, options);

  const settle: Devices['settle'] = (options) =>
    inLine(async () => {
      const { devices } = await info(options);
      for (const device of [...diskOf.keys(), ...nicOf.keys()]) if (!devices.has(device)) onLeft(device);
    });

  const unplug = async (device: string, missing: MvirtError, known: () => boolean, options: CallOptions): Promise<Removal> => {
    const gone = departures.expect(device, options);
    try {
      await inLine(async () => {
        const { devices, configured } = await info(options);
        if (!devices.has(device)) throw missing;
        // In the tree and no more in the configuration: the guest was asked before, and v53 refuses to ask again.
        if (configured.has(device)) await link.put('vm.remove-device', { id: device }, options);
      });
      if ((await gone.wait()) === 'removed') return 'removed';
      // The event may have been lost on a full disk.
      await settle(options);
      return known() ? 'pending' : 'removed';
    } finally {
      gone.cancel();
    }
  };

  /** Refused only if it came from elsewhere in between: told in the same words. */
  const plug = async (resource: string, config: Record<string, unknown>, taken: (cause?: unknown) => MvirtError, options: CallOptions): Promise<void> => {
    try {
      await link.put(resource, config, { ...options, timeoutMs: plugMs });
    } catch (error) {
      if (error instanceof ApiRefusal && error.says(/Identifier \S+ is not unique/)) throw taken(error);
      throw error;
    }
  };

  return {
    settle,
    disks: () => new Map(diskOf),
    learn(info) {
      for (const { device, path } of info.disks) diskOf.set(device, path);
      for (const { device, mac } of info.nics) nicOf.set(device, mac);
    },
    attachDisk: (disk, options) =>
      inLine(async () => {
        const device = diskDevice(disk.path);
        const taken = (cause?: unknown) => deviceErrors.diskAttached(disk.path, cause);
        if ((await info(options)).devices.has(deviceOf(diskOf, disk.path) ?? device)) throw taken();
        if (!existsSync(disk.path)) throw deviceErrors.noDiskFile(disk.path);
        await plug('vm.add-disk', diskConfig(disk), taken, options);
        diskOf.set(device, disk.path);
      }),
    detachDisk: (path, options) => {
      const device = deviceOf(diskOf, path);
      const missing = deviceErrors.noDisk(path);
      return device === null ? Promise.reject(missing) : unplug(device, missing, () => diskOf.has(device), options);
    },
    attachNic: (nic, options) =>
      inLine(async () => {
        const device = nicDevice(nic.mac);
        const taken = (cause?: unknown) => deviceErrors.nicAttached(nic.mac, cause);
        if ((await info(options)).devices.has(deviceOf(nicOf, nic.mac) ?? device)) throw taken();
        const missing = missingTap([nic]);
        if (missing !== null) throw new MvirtError({ code: 'HYPERVISOR_ERROR', message: missing });
        await plug('vm.add-net', nicConfig(nic), taken, options);
        nicOf.set(device, nic.mac);
      }),
    detachNic: (mac, options) => {
      const device = deviceOf(nicOf, mac);
      const missing = deviceErrors.noNic(mac);
      return device === null ? Promise.reject(missing) : unplug(device, missing, () => nicOf.has(device), options);
    },
    removed(device) {
      const name = diskOf.get(device) ?? nicOf.get(device) ?? null;
      diskOf.delete(device);
      nicOf.delete(device);
      departures.left(device);
      return name;
    },
  };
}

/** The device that stands for a path or a MAC. */
const deviceOf = (known: ReadonlyMap<string, string>, name: string): string | null => [...known].find(([, other]) => other === name)?.[0] ?? null;
