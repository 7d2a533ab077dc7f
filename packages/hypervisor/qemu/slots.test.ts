import { expect, test } from 'bun:test';
import { diskDevice, macOfDevice, nicDevice } from '../device-names.ts';
import { backendOf, diskNode, nicBackend } from './names.ts';
import { createSlots, isEmptyBus, readPeripherals } from './slots.ts';

const object = (name: string, type: string) => ({ name, type: `child<${type}>` });

test('root ports come in their order, devices as what has another type; properties are neither', () => {
  const found = readPeripherals([
    { name: 'type', type: 'string' },
    object('rp10', 'pcie-root-port'),
    object('disk-a', 'virtio-blk-pci'),
    object('rp2', 'pcie-root-port'),
    object('nic-b', 'virtio-net-pci'),
    object('other', 'pcie-root-port'),
  ]);
  expect(found).toEqual({ ports: ['rp2', 'rp10'], devices: ['disk-a', 'nic-b', 'other'] });
});

test('a bus is empty without a child', () => {
  const own = [
    { name: 'realized', type: 'bool' },
    { name: 'hotplug-handler', type: 'link<hotplug-handler>' },
  ];
  expect(isEmptyBus(own)).toBe(true);
  expect(isEmptyBus([...own, { name: 'child[3]', type: 'link<virtio-blk-pci>' }])).toBe(false);
});

test('the first port is free whose bus is empty; null where none is', async () => {
  const taken = new Set(['rp0', 'rp1']);
  const asked: unknown[] = [];
  const link = {
    async call(_command: string, { path }: { path: string }) {
      asked.push(path);
      if (path === '/machine/peripheral') return ['rp1', 'rp0', 'rp2'].map((name) => object(name, 'pcie-root-port'));
      return taken.has(path.replace(/.*\//, '')) ? [{ name: 'child[0]', type: 'link<virtio-net-pci>' }] : [];
    },
  } as unknown as Parameters<typeof createSlots>[0];
  expect(await createSlots(link).free({})).toBe('rp2');
  expect(asked).toEqual(['/machine/peripheral', '/machine/peripheral/rp0/rp0', '/machine/peripheral/rp1/rp1', '/machine/peripheral/rp2/rp2']);
  taken.add('rp2');
  expect(await createSlots(link).free({})).toBeNull();
});

test('a device leads back to its backend and, of a NIC, to its MAC', () => {
  const [path, mac] = ['/d/root.raw', '52:54:00:12:34:56'];
  expect(backendOf(diskDevice(path))).toEqual({ kind: 'disk', backend: diskNode(path) });
  expect(backendOf(nicDevice(mac))).toEqual({ kind: 'nic', backend: nicBackend(mac) });
  expect(macOfDevice(nicDevice(mac))).toBe(mac);
  expect(backendOf('rp0')).toBeNull();
});
