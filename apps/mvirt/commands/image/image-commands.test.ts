import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { bootDisk, bootDiskBytes } from '@mvirt/testkit/boot-disk';
import { type CliBench, openCli } from '../../cli/testing/open-cli.ts';
import { serveFile } from './testing/serve-file.ts';

const disk = bootDisk();
const sum = createHash('sha256').update(disk).digest('hex');
const done = (stdout: string) => ({ status: 0, stdout, stderr: '' });

function file(cli: CliBench, name: string, bytes: Uint8Array = disk): string {
  writeFileSync(cli.bench.dir.join(name), bytes);
  return name;
}

test("an image's life for people: imported, made a disk of, needed, removed", async () => {
  await using cli = await openCli();
  expect(await cli.mvirt('image', 'ls')).toEqual(done('NAME  FORMAT  SIZE  ON DISK  USER  VMS\n'));
  expect(await cli.mvirt('image', 'import', file(cli, 'debian.img'), '--name', 'base', '--sha256', sum)).toEqual(
    done('base: imported, raw, 1M, user debian\n'),
  );
  expect((await cli.mvirt('image', 'list')).stdout).toMatch(/^base +raw +1M +\d+M +debian +0$/m);
  const created = await cli.mvirt('create', '--name', 'web', '--image', 'base', '--disk-size', '2G', '--disk', file(cli, 'data.raw'));
  expect([created.status, created.stderr]).toEqual([0, '']);
  const { stdout } = await cli.mvirt('get', 'web');
  expect(stdout).toMatch(/^image +base \(user debian\)$/m);
  expect(stdout).toMatch(/^disk +\S+\/disks\/\S+\.qcow2 \(qcow2, its own\)$/m);
  expect((await cli.mvirt('image', 'show', 'base')).stdout).toMatch(/^used by +web$/m);
  expect(await cli.mvirt('image', 'rm', 'base')).toEqual({
    status: 4,
    stdout: '',
    stderr: 'mvirt: image base is used by VM web\nhint: delete those VMs first: their disks hold only what differs from the image\n',
  });
  const deleted = await cli.mvirt('delete', 'web');
  expect(deleted.stdout).toMatch(/^web: deleted, with its own disk \S+\/disks\/\S+\.qcow2; \S+\/data\.raw stays\n$/);
  expect(readFileSync(cli.bench.dir.join('data.raw')).equals(disk)).toBe(true);
  expect(await cli.mvirt('image', 'rm', 'base')).toEqual(done('base: removed\n'));
});

test("an image's life for scripts: every document is what its schema says", async () => {
  await using cli = await openCli();
  const { image } = await cli.json('image', 'import', file(cli, 'x.img'), '--name', 'a', '--user', 'me', '--format', 'raw');
  expect(image).toMatchObject({ name: 'a', format: 'raw', sizeBytes: bootDiskBytes, sha256: sum, source: 'x.img', user: 'me', usedBy: [] });
  expect(await cli.json('image', 'ls')).toEqual({ apiVersion: 'mvirt/v1', images: [image] });
  expect(await cli.json('image', 'show', 'a')).toEqual({ apiVersion: 'mvirt/v1', image });
  const { vm } = (await cli.json('create', '--name', 'web', '--image', 'a')) as { vm: { ownDisk: string } };
  expect(vm).toMatchObject({ image: 'a', imageUser: 'me', disks: [{ path: vm.ownDisk, format: 'qcow2' }] });
  expect(await cli.json('delete', 'web')).toMatchObject({ results: [{ changed: true, disks: { removed: [vm.ownDisk], kept: [] } }] });
  expect(await cli.json('image', 'rm', 'a')).toEqual({ apiVersion: 'mvirt/v1', image });
});

test('a URL is fetched, and gone on with where it breaks off', async () => {
  await using cli = await openCli();
  using server = serveFile(Buffer.concat([disk, disk, disk]));
  const fetched = (options: Parameters<typeof server.will>[0], ...more: string[]) => {
    server.will(options);
    return cli.mvirt('image', 'import', `${server.url}/noble.img?key=secret`, '--name', 'n', ...more);
  };
  expect(await fetched({})).toEqual(done('n: imported, raw, 3M, user ubuntu\n'));
  expect(((await cli.json('image', 'show', 'n')) as { image: { source: string } }).image.source).toBe(`${server.url}/noble.img`);
  await cli.mvirt('image', 'rm', 'n');

  // In one command: the rest is asked for.
  expect((await fetched({ breakAfterBytes: 2 << 20 })).stdout).toBe('n: imported, raw, 3M, user ubuntu\n');
  expect(server.asked()).toEqual([null, expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  await cli.mvirt('image', 'rm', 'n');

  // By the next command, after a server that was gone for longer.
  const broken = await fetched({ breakAfterBytes: 1 << 20, status: 503 });
  expect(broken.status).toBe(1);
  expect(broken.stderr).toContain('the server says 503');
  expect((await fetched({})).status).toBe(0);
  expect(server.asked()).toEqual([expect.stringMatching(/^bytes=[1-9]\d*-$/)]);
  await cli.mvirt('image', 'rm', 'n');

  // Not where it has changed meanwhile: then all of it comes.
  await fetched({ breakAfterBytes: 1 << 20, status: 503 });
  expect((await fetched({ version: '"v2"' })).status).toBe(0);
  expect([server.sentBytes(), readFileSync(cli.bench.dir.join('images', 'n.raw')).byteLength]).toEqual([3 << 20, 3 << 20]);
  expect(readdirSync(cli.bench.dir.join('images'))).toEqual(['n.raw']);
});

test('a server without ranges is asked for all of it again', async () => {
  await using cli = await openCli();
  using server = serveFile(disk);
  server.will({ ranges: false, breakAfterBytes: 512_000 });
  expect((await cli.mvirt('image', 'import', `${server.url}/x`, '--name', 'x', '--sha256', sum)).stdout).toBe('x: imported, raw, 1M\n');
  server.will({ ranges: false, version: null, breakAfterBytes: 512_000 });
  const { status, stderr } = await cli.mvirt('image', 'import', `${server.url}/x`, '--name', 'y');
  // Without a word about its version, what has come may be of another one.
  expect([status, stderr]).toEqual([1, expect.stringContaining('this server cannot go on from the middle')]);
  expect(readdirSync(cli.bench.dir.join('images'))).toEqual(['x.raw']);
});

test('a download that a later one of another version follows begins anew, and one that is whole is not fetched again', async () => {
  await using cli = await openCli();
  using server = serveFile(disk);
  const { images } = cli.bench.engine();
  const resumeKey = createHash('sha256').update(`${server.url}/x`).digest('hex');
  const { id } = await images.beginImport({ name: 'x', resumeKey });
  await images.followImport(id, { offset: 0, validator: '"v1"' });
  await images.writeImport(id, { offset: 0, bytes: disk, zeros: 0 });
  await images.cancelImport(id);
  expect((await cli.mvirt('image', 'import', `${server.url}/x`, '--name', 'x', '--sha256', sum)).status).toBe(0);
  expect([server.asked(), server.sentBytes()]).toEqual([[`bytes=${bootDiskBytes}-`], 0]);
});

test('what cannot be imported ends with its status, and says a way out', async () => {
  await using cli = await openCli();
  using server = serveFile(disk);
  file(cli, 'disk.raw');
  file(cli, 'page', Buffer.from('<html>'.padEnd(512)));
  mkdirSync(cli.bench.dir.join('folder'));
  await cli.mvirt('image', 'import', 'disk.raw', '--name', 'taken');
  const named = ['--name', 'x'];
  const cases: [number, string, string[]][] = [
    [2, 'INVALID_ARGUMENT', ['image']],
    [2, 'INVALID_ARGUMENT', ['image', 'import']],
    [2, 'INVALID_ARGUMENT', ['image', 'import', 'disk.raw']],
    [2, 'INVALID_ARGUMENT', ['image', 'import', 'disk.raw', '--name', '../x']],
    [2, 'INVALID_ARGUMENT', ['image', 'import', 'disk.raw', ...named, '--format', 'vmdk']],
    [2, 'INVALID_ARGUMENT', ['image', 'import', 'disk.raw', ...named, '--sha256', 'abc']],
    [2, 'INVALID_ARGUMENT', ['image', 'import', 'disk.raw', ...named, '--user', 'a b']],
    [2, 'INVALID_ARGUMENT', ['image', 'import', 'ftp://example.org/x', ...named]],
    [2, 'INVALID_ARGUMENT', ['image', 'import', 'http://', ...named]],
    [2, 'INVALID_ARGUMENT', ['image', 'import', 'folder', ...named]],
    [2, 'INVALID_ARGUMENT', ['create', '--image', 'taken', '--disk-size', 'big']],
    [2, 'INVALID_ARGUMENT', ['create', '--image', 'taken', '--disk-size', '0']],
    [2, 'INVALID_ARGUMENT', ['create', '--kernel', 'k', '--disk-size', '1G']],
    [3, 'FILE_NOT_FOUND', ['image', 'import', 'nosuch', ...named]],
    [3, 'FILE_NOT_FOUND', ['image', 'import', `${server.url}/404`, ...named]],
    [7, 'DENIED', ['image', 'import', `${server.url}/403`, ...named]],
    [1, 'DOWNLOAD_REFUSED', ['image', 'import', `${server.url}/500`, ...named]],
    [1, 'DOWNLOAD_REFUSED', ['image', 'import', `${server.url}/206`, ...named]],
    [1, 'DOWNLOAD_FAILED', ['image', 'import', 'http://127.0.0.1:1/x', ...named]],
    [1, 'IMAGE_REFUSED', ['image', 'import', 'page', ...named]],
    [1, 'IMAGE_REFUSED', ['image', 'import', 'disk.raw', ...named, '--format', 'qcow2']],
    [1, 'IMAGE_REFUSED', ['image', 'import', 'disk.raw', ...named, '--sha256', '0'.repeat(64)]],
    [4, 'NAME_TAKEN', ['image', 'import', 'disk.raw', '--name', 'taken']],
    [3, 'IMAGE_NOT_FOUND', ['image', 'show', 'nosuch']],
    [3, 'IMAGE_NOT_FOUND', ['image', 'rm', 'nosuch']],
    [3, 'IMAGE_NOT_FOUND', ['create', '--image', 'nosuch']],
  ];
  for (const [status, code, argv] of cases) {
    const error = await cli.jsonError(...argv);
    expect([argv, error.status, error.code]).toEqual([argv, status, code]);
    expect(error.hint.length).toBeGreaterThan(10);
  }
  expect(readdirSync(cli.bench.dir.join('images'))).toEqual(['taken.raw']);
  expect(cli.bench.vms().list()).toEqual([]);
});
