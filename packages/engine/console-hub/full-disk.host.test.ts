import { expect, test } from 'bun:test';
import { join } from 'node:path';
import { createLinuxHost } from '@mvirt/host/linux';
import { createConsoleBench } from '@mvirt/testkit/console-bench';
import { createFakeClock } from '@mvirt/testkit/fake-clock';
import { inMountNamespace, lackingMountNamespace } from '@mvirt/testkit/mount-namespace';
import { tempDir } from '@mvirt/testkit/temp-dir';

const missing = lackingMountNamespace();
if (missing !== null) console.log(`skipped: a console on a full disk: ${missing}`);

test.skipIf(missing !== null)('guest output that a full disk drops is an event with its range; before and after it the stream is exact', () => {
  using dir = tempDir('full');
  const script = 'mkdir -p "$1/vm/vm"; mount -t tmpfs -o size=256k tmpfs "$1/vm/vm"; exec "$2" "$3" "$1"';
  const ran = inMountNamespace(script, dir.path, process.execPath, join(import.meta.dir, '../../testkit/console-full-disk.ts'));
  expect(ran.stderr).toBe('');
  const seen = JSON.parse(ran.stdout);
  expect(seen).toMatchObject({ droppedWhileFull: 0, size: seen.fitted, detail: { offset: seen.fitted } });
  expect(seen.detail.fromMs).toBeLessThanOrEqual(seen.fullAtMs);
  expect(seen.detail.toMs).toBeGreaterThan(seen.fullAtMs);
  expect(seen.text).toContain(new Date(seen.detail.fromMs).toISOString());
});

test('a gap that cannot be stored yet is stored once there is room', async () => {
  using dir = tempDir('full');
  const host = createLinuxHost();
  const clock = createFakeClock();
  let free = 0;
  using bench = createConsoleBench(dir.path, { clock, host: { ...host, files: { ...host.files, freeBytes: () => free } } });
  const { append } = bench.store.events;
  bench.store.events.append = () => {
    throw new Error('full');
  };
  bench.run('first');
  await clock.advance(20_000);
  bench.hub().runEnded(bench.id);
  expect(bench.events.read({ since: null, limit: 10 })).toEqual([]);
  bench.store.events.append = append;
  free = 1e9;
  await clock.advance(20_000);
  const [event, ...others] = bench.events.read({ since: null, limit: 10 });
  expect(event).toMatchObject({ type: 'console-gap', vmName: 'vm', detail: { offset: 0, fromMs: clock.nowMs() - 40_000, toMs: clock.nowMs() - 20_000 } });
  expect(others).toEqual([]);
});
