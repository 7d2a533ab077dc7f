import { expect, test } from 'bun:test';
import { diskDevice, macOfDevice, nicDevice } from '../device-names.ts';
import { backendOf, diskNode, nicBackend } from './names.ts';
import { readSlots } from './slots.ts';

const port = (id: string, ...devices: string[]) => ({ qdev_id: id, pci_bridge: { devices: devices.map((device) => ({ qdev_id: device })) } });

test('the first empty root port is free; what sits behind others is taken, a pending removal too', () => {
  const { free, devices } = readSlots([{ devices: [{ qdev_id: '' }, port('rp0', 'disk-a'), port('rp1', 'nic-b'), port('rp2'), port('rp3')] }]);
  expect(free).toBe('rp2');
  expect([...devices]).toEqual(['disk-a', 'nic-b']);
});

test('no empty port, and bridges that are not ours', () => {
  expect(readSlots([{ devices: [port('rp0', 'disk-a'), port('other')] }])).toEqual({ free: null, devices: new Set(['disk-a']) });
  expect(readSlots([])).toEqual({ free: null, devices: new Set() });
});

test('a device leads back to its backend and, of a NIC, to its MAC', () => {
  const [path, mac] = ['/d/root.raw', '52:54:00:12:34:56'];
  expect(backendOf(diskDevice(path))).toEqual({ kind: 'disk', backend: diskNode(path) });
  expect(backendOf(nicDevice(mac))).toEqual({ kind: 'nic', backend: nicBackend(mac) });
  expect(macOfDevice(nicDevice(mac))).toBe(mac);
  expect(backendOf('rp0')).toBeNull();
});
