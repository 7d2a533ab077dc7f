import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mvirt/testkit/temp-dir';

/** A shell in a mount namespace of its own: what it mounts is gone with it. */
const own = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-rm'];

const inNamespace = (script: string, ...parameters: string[]) =>
  spawnSync(own[0] ?? '', [...own.slice(1), 'sh', '-ec', script, 'sh', ...parameters], { encoding: 'utf8', timeout: 60_000 });

const probe = inNamespace('mount -t tmpfs -o size=64k tmpfs /mnt');
if (probe.status !== 0) console.log(`skipped: the store on a full disk: no mount namespace here (${probe.stderr.trim() || probe.error?.message})`);

test.skipIf(probe.status !== 0)('disk full: DISK_FULL, nothing half made, and it goes on once there is room', () => {
  using dir = tempDir('full');
  const script = 'mount -t tmpfs -o size=1500k tmpfs "$1"; exec "$2" "$3" "$1"';
  const ran = inNamespace(script, dir.path, process.execPath, join(import.meta.dir, 'testing/fill.ts'));
  expect(ran.stderr).toBe('');
  const seen: unknown = JSON.parse(ran.stdout);
  expect(seen).toMatchObject({ codes: ['DISK_FULL', 'DISK_FULL', 'DISK_FULL'], after: null });
  const { acknowledged, whileFull, listed, events, reopened } = seen as Record<string, number>;
  expect(acknowledged).toBeGreaterThan(0);
  expect(whileFull).toBe(Number(acknowledged));
  expect([listed, events, reopened]).toEqual(Array(3).fill(Number(acknowledged) + 1));
  expect(readdirSync(dir.path)).toEqual([]);
});
