import type { z } from 'zod';
import type { CallOptions } from '../driver.ts';
import type { QmpLink } from './qmp.ts';
import { objectsReply } from './qmp-replies.ts';

/** What is plugged into one VM, and where there is room. */
export interface Slots {
  /** Ids of all that was plugged in, pending removals included. */
  devices(options: CallOptions): Promise<Set<string>>;
  /** The first empty root port; null: none is. */
  free(options: CallOptions): Promise<string | null>;
}

const peripherals = '/machine/peripheral';

/**
 * By QEMU's own objects. query-pci is no help: it follows the bus numbers that the guest's firmware gives to the ports, and shows them
 * all empty from a reset until then (QEMU 7.2).
 */
export function createSlots(link: Pick<QmpLink, 'call'>): Slots {
  const list = (path: string, options: CallOptions): Promise<Objects> => link.call('qom-list', { path }, objectsReply, options);
  return {
    devices: async (options) => new Set(readPeripherals(await list(peripherals, options)).devices),
    async free(options) {
      for (const port of readPeripherals(await list(peripherals, options)).ports) {
        if (isEmptyBus(await list(`${peripherals}/${port}/${port}`, options))) return port;
      }
      return null;
    },
  };
}

type Objects = z.output<typeof objectsReply>;

/** Root ports in their order, and all else that has an id. */
export function readPeripherals(objects: Objects): { ports: string[]; devices: string[] } {
  const children = objects.filter(({ type }) => type.startsWith('child<'));
  const isPort = ({ name, type }: Objects[number]): boolean => type === 'child<pcie-root-port>' && /^rp\d+$/.test(name);
  const names = (found: Objects): string[] => found.map(({ name }) => name);
  return {
    ports: names(children.filter(isPort)).sort((a, b) => Number(a.slice(2)) - Number(b.slice(2))),
    devices: names(children.filter((object) => !isPort(object))),
  };
}

export const isEmptyBus = (objects: Objects): boolean => !objects.some(({ name }) => name.startsWith('child['));
