import type { CreateInput, VmId } from '@mvirt/domain';
import type { Engine, ImageService, NetworkService, VmService } from '@mvirt/engine';
import { createFakeProcesses } from '../fake-processes.ts';
import { waitFor } from '../wait-for.ts';
import { type Bench, openBench } from './bench.ts';
import type { FaultPoints } from './fault-points.ts';

export type World = { bench: Bench; id: VmId; disk: string };

type Change<Service> = Exclude<keyof Service, 'list' | 'get' | 'resolve' | 'wait' | 'watch' | 'blockStats'>;
/** The methods that change something: a new one that no operation covers does not type-check. */
export type Method = Change<VmService> | `network ${Change<NetworkService>}` | `image ${Change<ImageService>}`;

export type Operation = {
  name: string;
  /** The methods that it covers; none: nobody asks for it. */
  covers: Method[];
  /** Before it: the VM is made, and runs where it has to. */
  from: 'nothing' | 'stopped' | 'running';
  spec?: CreateInput;
  /** What else comes before; nothing fails yet. */
  before?(world: World): Promise<unknown>;
  run(world: World): Promise<unknown>;
  /** Its run is an agent's own start, which may fail as a whole. */
  isBirth?: boolean;
  /** Real programs and files take their time: none passes on the fake clock meanwhile, where a deadline would. */
  isReal?: boolean;
};

const mac = '52:54:00:00:00:77';
const lab = { name: 'lab', ipv4: '10.9.0.0/24', ipv6: null };
const onLab = { nics: [{ network: 'lab' }] };
const image = 'img';
const imageBytes = new Uint8Array(4096).fill(7);
const vms = ({ bench }: World): Engine['vms'] => bench.vms();
const disk = (world: World) => ({ path: world.disk, readonly: false });
const makeLab = ({ bench }: World) => bench.engine().networks.create(lab, { dryRun: false });
const crash = async ({ bench }: World): Promise<void> => bench.crash();

/** The host goes down and comes back: its processes are gone, and it has another boot id. */
async function reboot(world: World): Promise<void> {
  world.bench.crash();
  for (const guest of world.bench.hypervisor.living()) guest.crash();
  Object.assign(world.bench.host.processes, { bootId: createFakeProcesses('another').bootId });
}

/** Until its last event is one of these. */
const until = ({ bench, id }: World, ...types: string[]): Promise<unknown> =>
  waitFor(`an event ${types.join(' or ')}`, () => types.includes(bench.events(id).at(-1) ?? ''));

async function importImage({ bench }: World): Promise<void> {
  const { images } = bench.engine();
  const { id } = await images.beginImport({ name: image, format: 'raw' });
  await images.followImport(id, { offset: 0, validator: null });
  await images.writeImport(id, { offset: 0, bytes: imageBytes, zeros: 0 });
  await images.finishImport(id, {});
}

const createFromImage = async (world: World): Promise<void> => {
  world.id = (await vms(world).create({ name: 'web', image })).vm.id;
};

export const operations: Operation[] = [
  {
    name: 'an image is imported',
    covers: ['image beginImport', 'image followImport', 'image writeImport', 'image finishImport'],
    from: 'nothing',
    run: importImage,
    isReal: true,
  },
  {
    name: 'an import is given up',
    covers: ['image beginImport', 'image writeImport', 'image cancelImport'],
    from: 'nothing',
    async run({ bench }) {
      const { images } = bench.engine();
      const { id } = await images.beginImport({ name: image, format: 'raw' });
      await images.writeImport(id, { offset: 0, bytes: imageBytes, zeros: 0 });
      await images.cancelImport(id);
      await importImage({ bench, id: '' as VmId, disk: '' });
    },
    isReal: true,
  },
  {
    name: 'an image is removed',
    covers: ['image remove'],
    from: 'nothing',
    before: importImage,
    run: ({ bench }) => bench.engine().images.remove(image),
  },
  { name: 'create with a disk of its own', covers: ['create'], from: 'nothing', before: importImage, run: createFromImage, isReal: true },
  {
    name: 'delete with a disk of its own',
    covers: ['delete'],
    from: 'nothing',
    async before(world) {
      await importImage(world);
      await createFromImage(world);
    },
    run: (world) => vms(world).delete(world.id, {}),
    isReal: true,
  },
  {
    name: 'create',
    covers: ['create'],
    from: 'nothing',
    run: ({ bench }) => bench.vms().create({ name: 'new', kernel: bench.dir.join('kernel'), nics: [{}] }),
  },
  {
    name: 'create on a network that is made for it',
    covers: ['create'],
    from: 'nothing',
    run: ({ bench }) => bench.vms().create({ name: 'new', kernel: bench.dir.join('kernel'), nics: [{ network: 'default' }] }),
  },
  {
    name: 'create as the wire contract says',
    covers: ['createFromContract'],
    from: 'nothing',
    run: ({ bench }) =>
      bench.vms().createFromContract({
        config: { vcpus: 1, memory_mb: 64, kernel: bench.dir.join('kernel'), disks: [], nics: [{}], boot_mode: 2, nested_virt: false },
      }),
  },
  { name: 'set', covers: ['set'], from: 'running', run: (world) => vms(world).set(world.id, { vcpus: 2, name: 'renamed', restart: 'always' }) },
  {
    name: 'resize',
    covers: ['set'],
    from: 'running',
    spec: { vcpus: 1, maxVcpus: 4, memoryMib: 256, maxMemoryMib: 512 },
    run: (world) => vms(world).set(world.id, { vcpus: 3, memoryMib: 512 }),
  },
  { name: 'start', covers: ['start'], from: 'stopped', run: (world) => vms(world).start(world.id, {}) },
  {
    name: 'start with a seed image',
    covers: ['start'],
    from: 'stopped',
    spec: { userData: '#cloud-config\n' },
    run: (world) => vms(world).start(world.id, {}),
  },
  { name: 'start on a network', covers: ['start'], from: 'nothing', before: makeLab, run: startOnLab },
  {
    name: 'pause and resume',
    covers: ['pause', 'resume'],
    from: 'running',
    async run(world) {
      await vms(world).pause(world.id, {});
      await vms(world).resume(world.id, {});
    },
  },
  { name: 'reboot', covers: ['reboot'], from: 'running', run: (world) => vms(world).reboot(world.id, {}) },
  { name: 'stop', covers: ['stop'], from: 'running', run: (world) => vms(world).stop(world.id, { graceMs: 60_000 }) },
  {
    name: 'stop of a guest that does not listen',
    covers: ['stop'],
    from: 'running',
    async run(world) {
      world.bench.hypervisor.control(world.id).manners.hearsButton = false;
      await vms(world).stop(world.id, { graceMs: 10_000 });
    },
  },
  { name: 'kill', covers: ['kill'], from: 'running', run: (world) => vms(world).kill(world.id, {}) },
  { name: 'delete', covers: ['delete'], from: 'stopped', run: (world) => vms(world).delete(world.id, {}) },
  { name: 'attach a disk', covers: ['attachDisk'], from: 'running', run: (world) => vms(world).attachDisk(world.id, disk(world), {}) },
  { name: 'attach a NIC', covers: ['attachNic'], from: 'running', run: (world) => vms(world).attachNic(world.id, { mac }, {}) },
  {
    name: 'attach and detach a disk',
    covers: ['attachDisk', 'detachDisk'],
    from: 'running',
    async run(world) {
      await vms(world).attachDisk(world.id, disk(world), {});
      await vms(world).detachDisk(world.id, world.disk, {});
    },
  },
  {
    name: 'attach and detach a NIC',
    covers: ['attachNic', 'detachNic'],
    from: 'running',
    async run(world) {
      await vms(world).attachNic(world.id, { mac }, {});
      await vms(world).detachNic(world.id, mac, {});
    },
  },
  {
    name: 'attach and detach a NIC on a network',
    covers: ['attachNic', 'detachNic'],
    from: 'running',
    before: makeLab,
    async run(world) {
      await vms(world).attachNic(world.id, { mac, network: 'lab' }, {});
      await vms(world).detachNic(world.id, mac, {});
    },
  },
  {
    name: 'attach and detach at a VM that is off',
    covers: ['attachDisk', 'detachDisk', 'attachNic', 'detachNic'],
    from: 'stopped',
    async run(world) {
      await vms(world).attachDisk(world.id, disk(world), {});
      await vms(world).attachNic(world.id, { mac }, {});
      await vms(world).detachDisk(world.id, world.disk, {});
      await vms(world).detachNic(world.id, mac, {});
    },
  },
  { name: 'drain', covers: ['drain'], from: 'running', run: (world) => vms(world).drain({ graceMs: 60_000 }) },
  { name: 'a network is made', covers: ['network create'], from: 'nothing', run: makeLab },
  {
    name: 'a network is removed',
    covers: ['network remove'],
    from: 'nothing',
    before: makeLab,
    run: ({ bench }) => bench.engine().networks.remove('lab', { dryRun: false }),
  },
  {
    name: 'a guest powers off',
    covers: [],
    from: 'running',
    async run(world) {
      world.bench.hypervisor.control(world.id).powerOff();
      await until(world, 'stopped');
    },
  },
  {
    name: 'a VM that failed is started again',
    covers: [],
    from: 'running',
    spec: { restart: 'on-failure' },
    async run(world) {
      world.bench.hypervisor.control(world.id).crash();
      await waitFor('its end to be told', () => world.bench.events(world.id).includes('restarting'));
      await until(world, 'started');
    },
  },
  { name: 'an agent finds a VM running', covers: [], from: 'running', before: crash, run: ({ bench }) => bench.reborn(), isBirth: true },
  {
    name: 'an agent finds a VM that has ended',
    covers: [],
    from: 'running',
    async before({ bench, id }) {
      bench.crash();
      bench.hypervisor.control(id).crash();
    },
    run: ({ bench }) => bench.reborn(),
    isBirth: true,
  },
  {
    name: 'an agent starts a VM after a boot of the host',
    covers: [],
    from: 'running',
    spec: { autostart: {} },
    before: reboot,
    async run(world) {
      await world.bench.reborn();
      await until(world, 'started', 'start-failed');
    },
    isBirth: true,
  },
];

async function startOnLab({ bench }: World): Promise<void> {
  const { vm } = await bench.vms().create({ name: 'web', kernel: bench.dir.join('kernel'), ...onLab });
  await bench.vms().start(vm.id, {});
}

export async function openWorld(points: FaultPoints, { from, spec, before }: Operation): Promise<World> {
  const bench = await openBench({
    oneOfMany: true,
    store: points.store,
    network: points.network,
    managed: points.managed,
    host: points.host,
    drivers: (fake) => [points.driver(fake)],
  });
  const kernel = bench.file('kernel');
  const world = { bench, disk: bench.file('disk.raw'), id: '' as VmId };
  if (from !== 'nothing') world.id = (await bench.vms().create({ name: 'web', kernel, nics: [{}], ...spec })).vm.id;
  if (from === 'running') await bench.vms().start(world.id, {});
  await before?.(world);
  return world;
}
