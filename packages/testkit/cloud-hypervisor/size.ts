import type { Reply } from './machine.ts';

export type SizeConfig = { cpus?: { boot_vcpus?: number; max_vcpus?: number }; memory?: { size?: number; hotplug_size?: number } };

/** What a VM has and may have, as v53.0 keeps account of it. */
export type Size = {
  resize(body: { desired_vcpus?: number; desired_ram?: number }): Reply;
  /** The guest lets go of the vCPUs that it was asked for. */
  eject(): void;
};

export type SizeDeps = {
  config: SizeConfig;
  event(source: string, event: string): void;
  refuse(status: number, ...chain: string[]): Reply;
  /** The guest is told of a new vCPU, or that some are to go. */
  plugged(cpu: number): void;
  unplugged(): void;
};

const pieceBytes = 128 << 20;
const mostPieces = 8;

/** From one boot to the next. */
export function createSize({ config, event, refuse, plugged, unplugged }: SizeDeps): Size {
  const { cpus = {}, memory = {} } = config;
  let present = cpus.boot_vcpus ?? 1;
  let wanted: number | null = null;
  let room = memory.hotplug_size ?? 0;
  let pieces = 0;
  const fail = (...chain: string[]): Reply => refuse(500, 'The VM could not be resized', ...chain);

  /** null: done. The configuration follows at once, the guest in its own time. */
  const resizeVcpus = (count: number): Reply | null => {
    if (count !== present) {
      if (count < 1) return fail('Error from CPU manager', 'Requested zero vCPUs');
      if (wanted !== null) return { status: 429, body: ['Too Many Requests'] };
      if (count > (cpus.max_vcpus ?? present)) return fail('Error from CPU manager', 'Requested vCPUs exceed maximum');
      if (count < present) {
        wanted = count;
        unplugged();
      } else {
        for (let cpu = present; cpu < count; cpu += 1) plugged(cpu);
        present = count;
      }
    }
    cpus.boot_vcpus = count;
    return null;
  };

  const resizeMemory = (bytes: number): Reply | null => {
    const more = bytes - (memory.size ?? 0);
    if (more > 0) {
      if (pieces >= mostPieces) return fail('Memory manager error', 'No ACPI slot available');
      if (more % pieceBytes !== 0) return fail('Memory manager error', 'The requested hotplug memory addition is not a valid size');
      if (more > room) return fail('Memory manager error', 'Not enough space in the hotplug RAM region');
      room -= more;
      pieces += 1;
    }
    memory.size = bytes;
    return null;
  };

  return {
    resize({ desired_vcpus: vcpus, desired_ram: bytes }) {
      event('vm', 'resizing');
      const failed = (vcpus === undefined ? null : resizeVcpus(vcpus)) ?? (bytes === undefined ? null : resizeMemory(bytes));
      if (failed !== null) return failed;
      event('vm', 'resized');
      return { status: 204, body: null };
    },
    eject() {
      if (wanted !== null) present = wanted;
      wanted = null;
    },
  };
}
