import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { fromTrpcError } from '@mvirt/api/client';
import { type AgentProcess, startAgent } from '@mvirt/testkit/agent-process';
import { failure } from '@mvirt/testkit/engine/failure';
import { inMountNamespace, lackingMountNamespace } from '@mvirt/testkit/mount-namespace';
import { type TempDir, tempDir } from '@mvirt/testkit/temp-dir';

const mib = 1 << 20;
const noNamespace = lackingMountNamespace();
const noBtrfs = noNamespace ?? lackingBtrfs();
for (const missing of new Set([noNamespace, noBtrfs])) if (missing !== null) console.log(`skipped: images on filesystems of their own: ${missing}`);

const bytes = randomBytes(3 * mib);
const sha256 = createHash('sha256').update(bytes).digest('hex');
const resumeKey = 'ab'.repeat(32);

async function send({ api }: AgentProcess, id: string, piece: Uint8Array, offset = 0): Promise<number> {
  let at = offset;
  for (let from = 0; from < piece.byteLength; from += 2 * mib)
    at = await api.image.write.mutate({ id, offset: at, bytes: piece.subarray(from, from + 2 * mib) });
  return at;
}

/** Files of the data directory as the agent sees them, in whatever mount namespace it lives. */
const filesOf = (agent: AgentProcess, dir: TempDir, folder: string): string[] => readdirSync(`/proc/${agent.pid}/root${dir.join('data', folder)}`).toSorted();

/** What runs an agent on a filesystem of its own, made by this script; $1 is its data directory, which goes with it. */
const on = (script: string, dir: TempDir): string[] => ['unshare', '-m', 'sh', '-ec', `${script}; shift; exec "$@"`, 'sh', dir.join('data')];

function lackingBtrfs(): string | null {
  using dir = tempDir('btrfs');
  return makeBtrfs(dir) ?? btrfsMounts(dir);
}

function makeBtrfs(dir: TempDir): string | null {
  writeFileSync(dir.join('disk'), '');
  truncateSync(dir.join('disk'), 120 * mib);
  const { error, status, stderr } = spawnSync('mkfs.btrfs', ['-q', '-M', dir.join('disk')], { encoding: 'utf8' });
  return error ? 'mkfs.btrfs is missing (Debian package btrfs-progs)' : status === 0 ? null : `no btrfs can be made (${stderr.trim()})`;
}

function btrfsMounts(dir: TempDir): string | null {
  const { status, stderr } = inMountNamespace('mount -o loop "$1" /mnt', dir.join('disk'));
  return status === 0 ? null : `no btrfs on a loop device here (${stderr.trim()})`;
}

test("an agent killed by -9 in the middle of imports: a download's bytes are gone on with, everything else is gone", async () => {
  using dir = tempDir('images');
  {
    await using agent = await startAgent(dir);
    const download = await agent.api.image.begin.mutate({ name: 'download', resumeKey });
    await agent.api.image.follow.mutate({ id: download.id, offset: 0, validator: '"v1"' });
    await send(agent, download.id, bytes.subarray(0, 2 * mib));
    const pipe = await agent.api.image.begin.mutate({ name: 'pipe' });
    await send(agent, pipe.id, bytes);
    expect(await agent.end('SIGKILL')).toBe('SIGKILL');
  }
  await using agent = await startAgent(dir);
  expect(filesOf(agent, dir, 'images')).toEqual(['.import-download.note', '.import-download.part']);
  const { id, offset, validator } = await agent.api.image.begin.mutate({ name: 'download', resumeKey, sha256 });
  expect([offset, validator]).toEqual([2 * mib, '"v1"']);
  await agent.api.image.follow.mutate({ id, offset, validator });
  await send(agent, id, bytes.subarray(offset), offset);
  expect(await agent.api.image.finish.mutate({ id })).toMatchObject({ format: 'raw', sizeBytes: bytes.byteLength, sha256 });
  expect(filesOf(agent, dir, 'images')).toEqual(['download.raw']);
  expect(await agent.end('SIGTERM')).toBe(0);
}, 60_000);

test.skipIf(noNamespace !== null)(
  'a filesystem that fills up in the middle of an import, or of its unpacking: a clear error, nothing half made, and it goes on',
  async () => {
    using dir = tempDir('images');
    mkdirSync(dir.join('data'));
    await using agent = await startAgent(dir, [], { through: on('mount -t tmpfs -o size=16m,mode=700 tmpfs "$1"', dir) });
    const large = randomBytes(20 * mib);
    const full = async (work: Promise<unknown>) => {
      const { code, hint } = fromTrpcError(await failure(work));
      expect([code, hint]).toEqual(['DISK_FULL', expect.stringContaining('df -h')]);
      expect(filesOf(agent, dir, 'images')).toEqual([]);
    };
    // What a download could be gone on with would keep the disk full.
    const first = await agent.api.image.begin.mutate({ name: 'large', resumeKey });
    await agent.api.image.follow.mutate({ id: first.id, offset: 0, validator: '"v1"' });
    await full(send(agent, first.id, large));
    const second = await agent.api.image.begin.mutate({ name: 'large' });
    const packed = gzipSync(Buffer.alloc(20 * mib, 'x'));
    await send(agent, second.id, packed);
    await full(agent.api.image.finish.mutate({ id: second.id }));

    const third = await agent.api.image.begin.mutate({ name: 'small' });
    await send(agent, third.id, bytes);
    await agent.api.image.finish.mutate({ id: third.id });
    expect((await agent.api.image.list.query()).map(({ name }) => name)).toEqual(['small']);
    expect(filesOf(agent, dir, 'images')).toEqual(['small.raw']);
    expect(await agent.end('SIGTERM')).toBe(0);
  },
  60_000,
);

test.skipIf(noBtrfs !== null)(
  "on a filesystem that clones, a VM's disk shares its image's blocks until it is written",
  async () => {
    using dir = tempDir('images');
    mkdirSync(dir.join('data'));
    expect(makeBtrfs(dir)).toBeNull();
    await using agent = await startAgent(dir, [], { through: on('mount -o loop "$(dirname "$1")/disk" "$1"; chmod 700 "$1"', dir) });
    const { id } = await agent.api.image.begin.mutate({ name: 'base' });
    await send(agent, id, bytes);
    await agent.api.image.finish.mutate({ id });
    const { vm } = await agent.api.vm.create.mutate({ name: 'web', image: 'base', diskSizeBytes: 1024 * mib });
    expect(vm.disks).toEqual([{ path: vm.ownDisk ?? '', readonly: false, format: 'raw' }]);
    const path = `/proc/${agent.pid}/root${vm.ownDisk}`;
    expect(statSync(path).size).toBe(1024 * mib);
    expect(readFileSync(path).subarray(0, bytes.byteLength).equals(bytes)).toBe(true);
    const shared = spawnSync('filefrag', ['-v', path], { encoding: 'utf8' });
    expect(shared.stdout).toContain('shared');
    // It needs its image no more.
    await agent.api.image.remove.mutate({ name: 'base' });
    expect(readFileSync(path).subarray(0, bytes.byteLength).equals(bytes)).toBe(true);
    expect(await agent.api.vm.delete.mutate({ vm: 'web' })).toMatchObject({ disks: { removed: [vm.ownDisk], kept: [] } });
    expect(filesOf(agent, dir, 'disks')).toEqual([]);
    expect(await agent.end('SIGTERM')).toBe(0);
  },
  60_000,
);
