import { expect, test } from 'bun:test';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inMountNamespace, lackingMountNamespace } from '@mvirt/testkit/mount-namespace';
import { tempDir } from '@mvirt/testkit/temp-dir';

const missing = lackingMountNamespace();
if (missing !== null) console.log(`skipped: the store on a full disk: ${missing}`);

/** Runs a script of testing/ on a filesystem of 8 MiB, and answers with what it printed. */
function onSmallDisk(script: string): Record<string, unknown> {
  using dir = tempDir('full');
  const run = 'mount -t tmpfs -o size=8m tmpfs "$1"; exec "$2" "$3" "$1"';
  const ran = inMountNamespace(run, dir.path, process.execPath, join(import.meta.dir, 'testing', script));
  expect(ran.stderr).toBe('');
  expect(readdirSync(dir.path)).toEqual([]);
  return JSON.parse(ran.stdout);
}

test.skipIf(missing !== null)('disk full: DISK_FULL, nothing half made, and it goes on once there is room', () => {
  const seen = onSmallDisk('fill.ts');
  expect(seen).toMatchObject({ codes: ['DISK_FULL', 'DISK_FULL', 'DISK_FULL'], after: null });
  const { acknowledged, whileFull, listed, events, reopened } = seen as Record<string, number>;
  expect(acknowledged).toBeGreaterThan(0);
  expect(whileFull).toBe(Number(acknowledged));
  expect([listed, events, reopened]).toEqual(Array(3).fill(Number(acknowledged) + 1));
});

test.skipIf(missing !== null)('somebody else fills the disk to its last block: the ends of 1,000 VMs are stored all the same', () => {
  expect(onSmallDisk('last-room.ts')).toEqual({ stored: 1000, code: null, reopened: 1001 });
});
