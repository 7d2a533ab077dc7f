import type { z } from 'zod';
import type { pciReply } from './qmp-replies.ts';

/** devices: ids of all that sits behind a root port, pending removals included. free: the first empty root port. */
export type Slots = { devices: Set<string>; free: string | null };

/** Slot accounting by what QEMU itself says. */
export function readSlots(reply: z.output<typeof pciReply>): Slots {
  const devices = new Set<string>();
  let free: string | null = null;
  for (const { qdev_id: port, pci_bridge: bridge } of reply.flatMap((bus) => bus.devices)) {
    if (!/^rp\d+$/.test(port) || bridge === undefined) continue;
    for (const device of bridge.devices) devices.add(device.qdev_id);
    if (bridge.devices.length === 0) free ??= port;
  }
  return { devices, free };
}
