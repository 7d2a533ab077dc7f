import { afterAll, expect, test } from 'bun:test';
import { cpSync, existsSync, rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import type { VmId } from '@mvirt/domain';
import { createSqliteStore } from '@mvirt/store/sqlite';
import { type Bench, openBench } from '@mvirt/testkit/engine/bench';
import { type Cut, contentOf, createPowerCuts } from '@mvirt/testkit/engine/power-cuts';
import { tearWal, walFrames } from '@mvirt/testkit/engine/wal-frames';
import { tempDir } from '@mvirt/testkit/temp-dir';
import type { Engine } from './engine.ts';

type World = { bench: Bench; id: VmId; vms: Engine['vms']; networks: Engine['networks'] };
type Operation = { name: string; from: 'nothing' | 'stopped' | 'running'; run(world: World): Promise<unknown> };

const lab = { name: 'lab', ipv4: '10.9.0.0/24' };
const mac = '52:54:00:00:00:77';

const operations: Operation[] = [
  { name: 'create', from: 'nothing', run: ({ bench }) => bench.create({ name: 'new', nics: [{}], userData: '#cloud-config\n' }) },
  { name: 'set of a stopped VM', from: 'stopped', run: ({ vms, id }) => vms.set(id, { name: 'other', memoryMib: 256, restart: 'always' }) },
  { name: 'set of a running VM', from: 'running', run: ({ vms, id }) => vms.set(id, { vcpus: 2, labels: { a: 'b' } }) },
  { name: 'start', from: 'stopped', run: ({ vms, id }) => vms.start(id, {}) },
  { name: 'stop', from: 'running', run: ({ vms, id }) => vms.stop(id, { graceMs: 60_000 }) },
  { name: 'kill', from: 'running', run: ({ vms, id }) => vms.kill(id, {}) },
  {
    name: 'pause and resume',
    from: 'running',
    async run({ vms, id }) {
      await vms.pause(id, {});
      await vms.resume(id, {});
    },
  },
  { name: 'reboot', from: 'running', run: ({ vms, id }) => vms.reboot(id, {}) },
  {
    name: 'attach and detach of a disk',
    from: 'running',
    async run({ bench, vms, id }) {
      const path = bench.file('disk.raw');
      await vms.attachDisk(id, { path, readonly: false }, {});
      await vms.detachDisk(id, path, {});
    },
  },
  {
    name: 'attach and detach of a NIC',
    from: 'running',
    async run({ vms, id }) {
      await vms.attachNic(id, { mac }, {});
      await vms.detachNic(id, mac, {});
    },
  },
  { name: 'delete', from: 'stopped', run: ({ vms, id }) => vms.delete(id, {}) },
  { name: 'drain', from: 'running', run: ({ vms }) => vms.drain({ graceMs: 60_000 }) },
  {
    name: 'network create and rm',
    from: 'nothing',
    async run({ networks }) {
      await networks.create(lab, { dryRun: false });
      await networks.remove('lab', { dryRun: false });
    },
  },
  {
    name: 'a crash and the restart that its policy wants',
    from: 'running',
    async run({ bench, vms, id }) {
      await vms.set(id, { restart: 'always' });
      bench.hypervisor.control(id).crash();
      await bench.until(id, 'stopped');
      await bench.clock.advance(2000);
      await bench.until(id, 'running');
    },
  },
];

/** Opens what is left, as the next agent does. @throws STORE_ERROR where it is not sound */
function contentIn(dir: string): string {
  const store = createSqliteStore({ dataDir: dir });
  try {
    return contentOf(store);
  } finally {
    store.close();
  }
}

/** The same copy with the last frame of its log torn, in one of the ways that a disk may tear it; over the writes of a test in all of them. */
function tornCopies({ dir }: Cut, number: number): string[] {
  const wal = join(dir, 'mvirt.db-wal');
  const last = existsSync(wal) ? walFrames(wal).at(-1) : undefined;
  if (last === undefined) return [];
  const end = last.offset + last.bytes;
  const ways: ((path: string) => void)[] = [
    (path) => truncateSync(path, end - 100),
    (path) => tearWal(path, end - 100, end),
    (path) => tearWal(path, last.offset, last.offset + 24),
    (path) => tearWal(path, last.offset + 512, end),
  ];
  return [ways[number % ways.length], ways[(number + 2) % ways.length]].flatMap((tear, way) => {
    if (tear === undefined) return [];
    const copy = `${dir}-torn-${way}`;
    cpSync(dir, copy, { recursive: true });
    tear(join(copy, 'mvirt.db-wal'));
    return [copy];
  });
}

let writes = 0;
afterAll(() => console.log(`power failed after ${writes} writes`));

for (const operation of operations)
  test(`power fails after each write of ${operation.name}: all that was acknowledged is there, and of a torn write nothing`, async () => {
    using copies = tempDir('power');
    let bench: Bench | null = null;
    const cuts = createPowerCuts(() => bench?.dir.path ?? '');
    await using made = await openBench({ store: cuts.store });
    bench = made;
    const id = operation.from === 'nothing' ? ('' as VmId) : await made.create({ name: 'web', nics: [{}] });
    if (operation.from === 'running') await made.vms().start(id, {});
    const before = contentOf(made.store());
    cuts.begin(copies.path);
    await operation.run({ bench: made, id, vms: made.vms(), networks: made.engine().networks });
    await made.clock.advance(1000);
    const found = cuts.end();
    expect(found.length).toBeGreaterThan(0);
    expect(found.at(-1)?.content).toBe(contentOf(made.store()));
    const torn = { nothing: 0, all: 0, 'a part': 0 };
    for (const [number, cut] of found.entries()) {
      const acknowledged = number === 0 ? before : (found[number - 1]?.content ?? '');
      // A write that changed nothing has no frame: the last one is of what was acknowledged before.
      for (const copy of cut.content === acknowledged ? [] : tornCopies(cut, number)) {
        // All of the write or nothing of it: where the log was just emptied into the database, its frames are torn in vain.
        const content = contentIn(copy);
        torn[content === acknowledged ? 'nothing' : content === cut.content ? 'all' : 'a part'] += 1;
        rmSync(copy, { recursive: true });
      }
      expect({ after: cut.name, content: contentIn(cut.dir) }).toEqual({ after: cut.name, content: cut.content });
      rmSync(cut.dir, { recursive: true });
    }
    expect(torn['a part']).toBe(0);
    expect(torn.nothing).toBeGreaterThan(0);
    writes += found.length;
  }, 60_000);
