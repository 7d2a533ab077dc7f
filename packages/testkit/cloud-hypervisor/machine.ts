import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { openSerialSocket, type SerialSocket } from './serial-socket.ts';
import { createSize, type Size, type SizeConfig } from './size.ts';
import { createTinyGuest, type TinyGuest } from './tiny-guest.ts';

export type Call = { method: string; resource: string; text: string };
export type Reply = { status: number; body: unknown };

export type CloudHypervisorMachine = {
  answer(call: Call): Promise<Reply>;
  type(text: string): void;
  /** The guest's machine goes, if there is one. */
  shutDown(): void;
};

export type MachineDeps = {
  event(source: string, event: string, properties?: Record<string, string> | null): void;
  print(text: string): void;
  /** Its guest's power-off ends it: without --no-shutdown. */
  exit: (() => void) | null;
};

type Device = { id: string; kind: 'disks' | 'net'; path: string | null; bdf: string; config: Record<string, unknown> };
type Config = SizeConfig & {
  disks?: Record<string, unknown>[];
  net?: Record<string, unknown>[];
  payload?: { kernel?: string; cmdline?: string };
  serial?: { mode?: string; socket?: string; file?: string };
};

const done: Reply = { status: 204, body: null };
const refused = (status: number, ...chain: string[]): Reply => ({ status, body: ['Error from API', ...chain] });
/** A guest lets go of a device after some 20 ms (seen on v53.0). */
const ejectMs = 20;

/** What answers like cloud-hypervisor v53.0: its words, its states, its asynchronous removal. */
export function createCloudHypervisorMachine({ event, print, exit }: MachineDeps): CloudHypervisorMachine {
  let config: Config | null = null;
  let state: 'Created' | 'Running' | 'Paused' = 'Created';
  let guest: TinyGuest | null = null;
  let devices: Device[] = [];
  let serial: SerialSocket | null = null;
  let unnamed = 0;
  let size: Size | null = null;

  const removed = (device: Device): void => {
    if (!devices.includes(device)) return;
    devices = devices.filter((other) => other !== device);
    event('vm', 'device-removed', { id: device.id, bdf: device.bdf });
  };
  const isPending = (device: Device): boolean => !(config?.[device.kind] ?? []).includes(device.config);

  const powerOn = (): void => {
    guest = createTinyGuest({
      cmdline: config?.payload?.cmdline ?? '',
      print: (text) => (serial ?? { print }).print(text),
      powerOff: () => {
        turnOff();
        exit?.();
      },
      reset: () => void reboot(),
    });
    state = 'Running';
    const born = createSize({
      config: config ?? {},
      event,
      refuse: refused,
      plugged: (cpu) => guest?.vcpuPlugged(cpu),
      unplugged: () => void (guest?.ejects && setTimeout(born.eject, ejectMs)),
    });
    size = born;
  };

  /** Its consoles are opened whenever a machine is made. */
  const openConsoles = async (): Promise<void> => {
    serial?.close();
    const { mode, socket, file } = config?.serial ?? {};
    if (mode === 'File' && file !== undefined) {
      // Emptied whenever it is opened.
      writeFileSync(file, '');
      serial = { print: (text) => appendFileSync(file, text), close: () => {} };
      return;
    }
    serial = mode === 'Socket' && socket !== undefined ? await openSerialSocket(socket, (text) => guest?.type(text)) : null;
  };

  const turnOff = (): void => {
    guest = null;
    serial?.close();
    serial = null;
    state = 'Created';
    devices = [];
    event('vm', 'shutdown');
  };

  const reboot = async (): Promise<void> => {
    event('vm', 'rebooting');
    await openConsoles();
    // A removal that was pending is completed, and nothing says so.
    devices = devices.filter((device) => !isPending(device));
    powerOn();
    event('vm', 'rebooted');
  };

  /** What a disk is refused for, innermost last; null: it can be opened. */
  const diskFault = (disk: Record<string, unknown>): string[] | null => {
    const path = String(disk.path);
    if (!existsSync(path)) return ['Cannot open disk path', `I/O error (path=${path} op=open)`, 'No such file or directory (os error 2)'];
    if (disk.image_type === 'Qcow2' && readFileSync(path).subarray(0, 4).toString('latin1') !== 'QFI\xfb') {
      return ['Cannot open disk path', 'I/O error (op=detect_image_type)', 'failed to fill whole buffer'];
    }
    if (devices.some((device) => device.path === path)) {
      return ['Cannot lock images of all block devices', `Failed to get Write lock for disk image: ${path}`, 'The file is already locked'];
    }
    return null;
  };

  /** Names are given where none are, by one counter for all kinds. */
  const add = (kind: Device['kind'], thing: Record<string, unknown>): Device => {
    thing.id ??= `_${kind === 'disks' ? 'disk' : 'net'}${unnamed++}`;
    if (kind === 'net') thing.mac ??= `2e:00:00:00:00:${unnamed.toString(16).padStart(2, '0')}`;
    const used = new Set(devices.map(({ bdf }) => bdf));
    const slot = Array.from({ length: 29 }, (_, index) => bdfOf(index + 3)).find((bdf) => !used.has(bdf)) ?? bdfOf(31);
    const device = { id: String(thing.id), kind, path: kind === 'disks' ? String(thing.path) : null, bdf: slot, config: thing };
    devices.push(device);
    return device;
  };

  const boot = async (): Promise<Reply> => {
    const words = 'The VM could not boot';
    if (config === null) return refused(404, words, 'VM config is missing');
    if (guest !== null) return refused(500, words, 'VM is already created');
    event('vm', 'booting');
    if (config.payload?.kernel === undefined) {
      return refused(500, words, 'Failed to validate config', 'Payload configuration is not bootable', 'No bootitem provided: neither firmware nor kernel');
    }
    for (const disk of config.disks ?? []) {
      const fault = diskFault(disk);
      if (fault) return refused(500, words, 'Error from device manager', ...fault);
      add('disks', disk);
    }
    for (const nic of config.net ?? []) add('net', nic);
    if (serial === null) await openConsoles();
    powerOn();
    event('vm', 'booted');
    return done;
  };

  const plug = (kind: Device['kind'], body: Record<string, unknown>): Reply => {
    const words = kind === 'disks' ? 'The disk could not be added to the VM' : 'The network device could not be added to the VM';
    if (config === null || guest === null) return refused(500, words, 'VM is not running');
    if (devices.some(({ id }) => id === body.id)) return refused(500, words, 'Failed to validate config', `Identifier ${body.id} is not unique`);
    const fault = kind === 'disks' ? diskFault(body) : null;
    if (fault) return refused(500, words, 'Error from device manager', ...fault);
    config[kind] = [...(config[kind] ?? []), body];
    const { id, bdf } = add(kind, body);
    guest.plugged(slotOf(bdf));
    return { status: 200, body: { id, bdf } };
  };

  const unplug = (id: string): Reply => {
    const words = 'The device could not be removed from the VM';
    if (config === null || guest === null) return refused(500, words, 'VM is not running');
    const device = devices.find((one) => one.id === id && !isPending(one));
    if (!device) return refused(500, words, 'Error from device manager', `Failed to find device corresponding to the given identifier: ${id}`);
    config[device.kind] = (config[device.kind] ?? []).filter((one) => one !== device.config);
    if (guest.ejects) setTimeout(removed, ejectMs, device);
    return done;
  };

  const pause = (to: 'Running' | 'Paused'): Reply => {
    const [verb, past, being] = to === 'Paused' ? ['pause', 'paused', 'pausing'] : ['resume', 'resumed', 'resuming'];
    const words = to === 'Paused' ? 'The VM could not be paused' : 'The VM could not resume';
    if (guest === null) return refused(500, words, 'VM is not running');
    event('vm', being);
    if (state === to) {
      return refused(500, words, `Cannot ${verb} VM`, `Failed to ${verb} migratable component`, `Invalid transition: InvalidStateTransition(${to}, ${to})`);
    }
    state = to;
    guest.pause(to === 'Paused');
    event('vm', past);
    return done;
  };

  const info = (): Reply => {
    if (config === null) return refused(404, 'The VM info is not available', 'VM is not created');
    const tree = Object.fromEntries(devices.map(({ id, bdf }) => [id, { id, resources: [], parent: `_virtio-pci-${id}`, children: [], pci_bdf: bdf }]));
    return { status: 200, body: { config, state, memory_actual_size: 0, ...(guest === null ? {} : { device_tree: { __rng: { id: '__rng' }, ...tree } }) } };
  };

  const counters = (): Reply => {
    const none = { read_bytes: 0, write_bytes: 0, read_ops: 0, write_ops: 0, read_latency_min: 'u64::MAX', write_latency_min: 'u64::MAX' };
    return { status: 200, body: Object.fromEntries(devices.filter(({ kind }) => kind === 'disks').map(({ id }) => [id, none])) };
  };

  const running = async (words: string, act: () => void | Promise<void>): Promise<Reply> => {
    if (guest === null) return refused(500, words, 'VM is not running');
    await act();
    return done;
  };

  const create = async (wanted: Config): Promise<Reply> => {
    const words = 'The VM could not be created';
    if (config !== null) return refused(500, words, 'VM is already created');
    config = wanted;
    try {
      await openConsoles();
    } catch {
      return refused(500, words, 'Error creating console devices', 'Error creating console device', 'Address in use (os error 98)');
    }
    return done;
  };

  const calls: Record<string, (body: Record<string, unknown>) => Reply | Promise<Reply>> = {
    'GET vmm.ping': () => ({ status: 200, body: { build_version: 'v53.0', version: '53.0.0', pid: process.pid, features: ['io_uring', 'kvm'] } }),
    'GET vm.info': info,
    'GET vm.counters': counters,
    'PUT vm.create': create,
    'PUT vm.boot': boot,
    'PUT vm.pause': () => pause('Paused'),
    'PUT vm.resume': () => pause('Running'),
    'PUT vm.reboot': () => running('The VM could not reboot', reboot),
    'PUT vm.power-button': () => running('Error triggering power button', () => guest?.pressButton()),
    'PUT vm.shutdown': () => running('The VM could not shutdown', turnOff),
    'PUT vm.resize': (body) => size?.resize(body) ?? refused(500, 'The VM could not be resized', 'VM is not running'),
    'PUT vm.add-disk': (body) => plug('disks', body),
    'PUT vm.add-net': (body) => plug('net', body),
    'PUT vm.remove-device': (body) => unplug(String(body.id)),
    'PUT vmm.shutdown': () => ({ status: 200, body: null }),
  };
  const withBody = new Set(['vm.create', 'vm.resize', 'vm.add-disk', 'vm.add-net', 'vm.remove-device']);

  return {
    async answer({ method, resource, text }) {
      const act = calls[`${method} ${resource}`];
      if (!act) return { status: 404, body: ['Not Found'] };
      if ((text !== '') !== withBody.has(resource)) return { status: 400, body: ['Bad Request'] };
      return act(text === '' ? {} : JSON.parse(text));
    },
    type: (text) => guest?.type(text),
    shutDown() {
      if (guest !== null) turnOff();
      if (config !== null) event('vm', 'deleted');
      config = null;
    },
  };
}

const bdfOf = (slot: number): string => `0000:00:${slot.toString(16).padStart(2, '0')}.0`;
const slotOf = (bdf: string): number => Number.parseInt(bdf.slice(8, 10), 16);
