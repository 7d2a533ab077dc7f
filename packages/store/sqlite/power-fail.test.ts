import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { newCondition } from '@mvirt/domain';
import { walFrames } from '@mvirt/testkit/engine/wal-frames';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';
import type { Store } from '../port.ts';
import { openDatabase } from './native.ts';
import { createSqliteStore } from './store.ts';
import { testRun, testVm } from './testing/test-vm.ts';

/** What a power failure would leave: the files as they are now, without the shared memory, which lies in RAM. */
function copyOf(dir: TempDir, name: string): string {
  const copy = dir.join(name);
  mkdirSync(copy);
  for (const file of ['mvirt.db', 'mvirt.db-wal']) {
    if (existsSync(dir.join('data', file))) copyFileSync(dir.join('data', file), join(copy, file));
  }
  return copy;
}

function opened<T>(dataDir: string, look: (store: Store) => T): T {
  const store = createSqliteStore({ dataDir });
  try {
    return look(store);
  } finally {
    store.close();
  }
}

const integrity = (dataDir: string): unknown => {
  const db = openDatabase(join(dataDir, 'mvirt.db'), {});
  try {
    return db.pragma('integrity_check', { simple: true });
  } finally {
    db.close();
  }
};

const everything = (store: Store) => ({ vms: store.vms.list(), events: store.events.last({ limit: 1000 }), console: store.consoles.get('a') });

test('power failure after each write of a create: the last one acknowledged is there', () => {
  using dir = tempDir('power');
  const store = createSqliteStore({ dataDir: dir.join('data') });
  const vm = testVm('a');
  const starting = { ...newCondition(), observed: 'starting', wanted: 'running' } as const;
  const writes: (() => unknown)[] = [
    () =>
      store.transact(() => {
        store.vms.insert(vm);
        store.events.append(vm, { type: 'created', message: 'created' }, 1);
      }),
    () => store.vms.update('a', { condition: starting, run: testRun('a', { process: null }) }),
    () => store.consoles.put({ vmId: vm.id, logId: 'l', inode: 1, keptFrom: 0, knownSize: 0, runs: [], times: [] }),
    () => store.vms.update('a', { run: testRun('a') }),
    () =>
      store.transact(() => {
        store.vms.update('a', { condition: { ...starting, observed: 'running' }, startedAtMs: 5 });
        store.events.append(vm, { type: 'started', message: 'running' }, 2);
      }),
    () => store.events.prune({ keep: 1, aged: null }),
    () => store.vms.remove('a'),
  ];
  writes.forEach((write, number) => {
    write();
    const copy = copyOf(dir, `after-${number}`);
    expect(opened(copy, everything)).toEqual(everything(store));
    expect(integrity(copy)).toBe('ok');
  });
  store.close();
});

test('power failure in the middle of a write: whole operations, in order, and nothing of the one that was cut', () => {
  using dir = tempDir('power');
  createSqliteStore({ dataDir: dir.join('data') }).close();
  const store = createSqliteStore({ dataDir: dir.join('data') });
  const wal = dir.join('data', 'mvirt.db-wal');
  const sizes: number[] = [];
  for (let number = 0; number < 4; number++) {
    const vm = testVm(`vm-${number}`, { createdAtMs: 1_000_000 + number * 1000 });
    store.transact(() => {
      store.vms.insert(vm);
      store.events.append(vm, { type: 'created', message: 'created' }, number);
    });
    const last = walFrames(wal).at(-1);
    sizes.push((last?.offset ?? 0) + (last?.bytes ?? 0));
  }
  const whole = copyOf(dir, 'whole');
  store.close();
  const cuts = sizes.flatMap((size) => [size - 5000, size - 24, size - 1, size]);
  for (const cut of cuts) {
    const copy = dir.join(`cut-${cut}`);
    mkdirSync(copy);
    for (const file of ['mvirt.db', 'mvirt.db-wal']) copyFileSync(join(whole, file), join(copy, file));
    truncateSync(join(copy, 'mvirt.db-wal'), cut);
    const complete = sizes.filter((size) => size <= cut).length;
    const ids = [...Array(complete).keys()].map((number) => `vm-${number}`);
    const found = opened(copy, everything);
    expect(found.vms.map((vm) => vm.id as string)).toEqual(ids.toReversed());
    expect(found.events.map((event) => event.vmId)).toEqual(ids);
    expect(integrity(copy)).toBe('ok');
  }
});

test('killed in the middle of writes, again and again: everything acknowledged is there, nothing is half made', async () => {
  using dir = tempDir('kill');
  const dataDir = dir.join('data');
  const acknowledged: string[] = [];
  for (let round = 0; round < 4; round++) {
    const child = spawn(process.execPath, [join(import.meta.dir, 'testing/writer.ts'), dataDir, `r${round}`], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(child, 'exit');
    let seen = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (++seen === 20 + round * 7) child.kill('SIGKILL');
    }
    expect((await ended)[1]).toBe('SIGKILL');
    opened(dataDir, (store) => {
      const vms = store.vms.list().map((vm) => vm.id as string);
      const events = store.events.since(0, { limit: 10_000 });
      expect(vms).toEqual(expect.arrayContaining(acknowledged));
      expect(events.map((event) => event.vmId).toSorted()).toEqual(vms.toSorted());
      expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
      // One create may have been durable without its answer having been read.
      acknowledged.splice(0, Number.POSITIVE_INFINITY, ...vms);
    });
    expect(integrity(dataDir)).toBe('ok');
  }
});
