import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { type CreateInput, type ImportImageInput, MvirtError, toMvirtError } from '@mvirt/domain';
import type { Engine, ImageSnapshot } from '@mvirt/engine';
import type { Store } from '@mvirt/store';
import { bootDisk, bootDiskBytes } from '@mvirt/testkit/boot-disk';
import { type Bench, openBench } from '@mvirt/testkit/engine/bench';
import { failure as thrownBy } from '@mvirt/testkit/engine/failure';
import { waitFor } from '@mvirt/testkit/wait-for';

const disk = bootDisk();
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const nothing = new Uint8Array();
const failure = async (work: Promise<unknown>): Promise<MvirtError> => toMvirtError(await thrownBy(work));
const resumeKey = 'ab'.repeat(32);

async function importBytes(bench: Bench, bytes: Uint8Array, input: ImportImageInput): Promise<ImageSnapshot> {
  const { images } = bench.engine();
  const { id } = await images.beginImport(input);
  await images.writeImport(id, { offset: 0, bytes, zeros: 0 });
  return images.finishImport(id, {});
}

function qcow2(bench: Bench, ...options: string[]): Uint8Array {
  writeFileSync(bench.dir.join('whole.raw'), disk);
  execFileSync('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', ...options, bench.dir.join('whole.raw'), bench.dir.join('whole.qcow2')]);
  return readFileSync(bench.dir.join('whole.qcow2'));
}

const contents = (path: string, format: string): Uint8Array => {
  const raw = `${path}.contents`;
  execFileSync('qemu-img', ['convert', '-f', format, '-O', 'raw', path, raw]);
  const bytes = readFileSync(raw);
  execFileSync('rm', [raw]);
  return bytes;
};
const filesOf = (bench: Bench, folder: string): string[] => (existsSync(bench.dir.join(folder)) ? readdirSync(bench.dir.join(folder)) : []);

test('what is imported lies there for reading alone, with its format, size, checksum and user', async () => {
  await using bench = await openBench();
  const raw = await importBytes(bench, disk, { name: 'debian-12', source: 'disk.img' });
  expect(raw).toMatchObject({
    name: 'debian-12',
    format: 'raw',
    sizeBytes: bootDiskBytes,
    sha256: sha256(disk),
    user: 'debian',
    source: 'disk.img',
    usedBy: [],
  });
  expect(readFileSync(raw.path).equals(disk)).toBe(true);
  expect(statSync(raw.path).mode & 0o7777).toBe(0o444);
  expect(statSync(bench.dir.join('images')).mode & 0o777).toBe(0o700);

  const bytes = qcow2(bench);
  expect(await importBytes(bench, bytes, { name: 'q', user: 'root' })).toMatchObject({
    format: 'qcow2',
    sizeBytes: bootDiskBytes,
    sha256: sha256(bytes),
    user: 'root',
  });
  // A raw disk may hold anything, also another image.
  expect(await importBytes(bench, bytes, { name: 'r', format: 'raw' })).toMatchObject({ format: 'raw', sizeBytes: bytes.byteLength, user: null });
  expect(
    bench
      .engine()
      .images.list()
      .map(({ name }) => name),
  ).toEqual(['debian-12', 'q', 'r']);
  const removed = bench.engine().images.remove('q');
  // At once: the name may be another image's by the time that the room is free.
  expect(existsSync(bench.dir.join('images', 'q.qcow2'))).toBe(false);
  await removed;
  expect(filesOf(bench, 'images').toSorted()).toEqual(['debian-12.raw', 'r.raw']);
  expect(await failure(Promise.resolve().then(() => bench.engine().images.get('q')))).toMatchObject({ code: 'IMAGE_NOT_FOUND' });
});

test('an image that is packed is unpacked, whatever its name, and has the checksum of what was published', async () => {
  await using bench = await openBench();
  writeFileSync(bench.dir.join('disk'), disk);
  for (const program of ['gzip', 'xz', 'zstd', 'bzip2']) {
    const packed = execFileSync(program, ['-c', bench.dir.join('disk')]);
    const image = await importBytes(bench, packed, { name: program, sha256: sha256(packed) });
    expect([image.format, image.sizeBytes, readFileSync(image.path).equals(disk)]).toEqual(['raw', bootDiskBytes, true]);
    // Zeros cost no room.
    expect(image.diskBytes).toBeLessThan(bootDiskBytes / 2);
    expect(await failure(importBytes(bench, packed.subarray(0, packed.byteLength - 20), { name: 'cut' }))).toMatchObject({ code: 'IMAGE_REFUSED' });
  }
  bench.host.installed.delete('xz');
  const packed = execFileSync('xz', ['-c', bench.dir.join('disk')]);
  expect(await failure(importBytes(bench, packed, { name: 'no-program' }))).toMatchObject({ code: 'PROGRAM_MISSING' });
  expect(filesOf(bench, 'images').filter((name) => !/^(gzip|xz|zstd|bzip2)\.raw$/.test(name))).toEqual([]);
});

test('zeros are holes, wherever they stand', async () => {
  await using bench = await openBench();
  const { images } = bench.engine();
  const { id } = await images.beginImport({ name: 'holes' });
  const mib = 1 << 20;
  let offset = await images.writeImport(id, { offset: 0, bytes: nothing, zeros: 2 * mib });
  offset = await images.writeImport(id, { offset, bytes: new Uint8Array(mib).fill(7), zeros: mib });
  const image = await images.finishImport(id, {});
  const whole = Buffer.concat([new Uint8Array(2 * mib), new Uint8Array(mib).fill(7), new Uint8Array(mib)]);
  expect([offset, image.sizeBytes, image.diskBytes, image.sha256]).toEqual([4 * mib, 4 * mib, mib, sha256(whole)]);
  expect(readFileSync(image.path).equals(whole)).toBe(true);
});

test('what is no disk image by itself is refused, and nothing of it stays', async () => {
  await using bench = await openBench();
  const whole = qcow2(bench);
  writeFileSync(bench.dir.join('overlay'), '');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', bench.dir.join('whole.qcow2'), bench.dir.join('overlay')]);
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `data_file=${bench.dir.join('data')}`, bench.dir.join('external'), '1M']);
  const text = (words: string) => Buffer.from(words.padEnd(512));
  const cases: [Uint8Array, Partial<ImportImageInput>, RegExp][] = [
    [readFileSync(bench.dir.join('overlay')), {}, /names a backing file/],
    [readFileSync(bench.dir.join('external')), {}, /keeps its data in another file/],
    [whole.subarray(0, whole.byteLength - 65_536), {}, /is damaged, or cut off/],
    [whole.subarray(0, 40), {}, /is cut off/],
    [disk, { format: 'qcow2' }, /is no qcow2 image/],
    [disk.subarray(0, 1000), {}, /no whole sectors/],
    [nothing, {}, /is empty/],
    [text('<!DOCTYPE html>'), {}, /is a web page/],
    [text('KDMV'), {}, /is a VMDK image/],
    [text('vhdxfile'), {}, /is a VHDX image/],
    [text('PK\x03\x04'), {}, /is a zip archive/],
    [disk, { sha256: '0'.repeat(64) }, /not the one that was given/],
  ];
  for (const [bytes, more, message] of cases) {
    const error = await failure(importBytes(bench, bytes, { name: 'bad', ...more }));
    expect([error.code, error.message]).toEqual(['IMAGE_REFUSED', expect.stringMatching(message)]);
    expect(filesOf(bench, 'images')).toEqual([]);
  }
  expect(bench.engine().images.list()).toEqual([]);
});

test('a name is taken from the beginning of an import, and free again after one that failed', async () => {
  await using bench = await openBench();
  const { images } = bench.engine();
  const first = await images.beginImport({ name: 'a' });
  expect(await failure(images.beginImport({ name: 'a' }))).toMatchObject({ code: 'NAME_TAKEN', message: 'name: a is being imported right now' });
  // Also while a piece is being written: who waited for it has gone.
  const writing = images.writeImport(first.id, { offset: 0, bytes: disk, zeros: 0 });
  await images.cancelImport(first.id);
  await writing;
  expect(filesOf(bench, 'images')).toEqual([]);
  await importBytes(bench, disk, { name: 'a' });
  expect(await failure(images.beginImport({ name: 'a' }))).toMatchObject({ code: 'NAME_TAKEN' });
  for (const input of [{ name: '../a' }, { name: 'b', user: 'x y' }, { name: 'b', sha256: 'zz' }] as ImportImageInput[])
    expect(await failure(images.beginImport(input))).toMatchObject({ code: 'INVALID_ARGUMENT' });
});

test('pieces follow each other, and an import of which nothing is heard is given up', async () => {
  await using bench = await openBench();
  const { images } = bench.engine();
  const { id } = await images.beginImport({ name: 'a' });
  await images.writeImport(id, { offset: 0, bytes: disk.subarray(0, 512), zeros: 0 });
  expect(await failure(images.writeImport(id, { offset: 0, bytes: disk, zeros: 0 }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  await bench.clock.advance(50_000);
  await images.writeImport(id, { offset: 512, bytes: nothing, zeros: 0 });
  await bench.clock.advance(50_000);
  expect(filesOf(bench, 'images')).toEqual(['.import-a.part']);
  await bench.clock.advance(20_000);
  await waitFor('nothing to be left', () => filesOf(bench, 'images').length === 0);
  expect(await failure(images.writeImport(id, { offset: 512, bytes: nothing, zeros: 0 }))).toMatchObject({ code: 'WRONG_STATE' });
  expect(await failure(images.finishImport(id, {}))).toMatchObject({ code: 'WRONG_STATE' });
  await waitFor('the name to be free', () => images.beginImport({ name: 'a' }).catch(() => null));
});

test('a download is gone on with after its client has gone', async () => {
  await using bench = await openBench();
  const { images } = bench.engine();
  const half = bootDiskBytes / 2;
  const first = await images.beginImport({ name: 'a', resumeKey });
  expect(first).toMatchObject({ offset: 0, validator: null });
  await images.followImport(first.id, { offset: 0, validator: '"v1"' });
  await images.writeImport(first.id, { offset: 0, bytes: disk.subarray(0, half), zeros: 0 });
  await bench.clock.advance(60_000);
  const second = await waitFor('the name to be free', async () => await images.beginImport({ name: 'a', resumeKey, sha256: sha256(disk) }).catch(() => null));
  expect(second).toEqual({ id: second.id, offset: half, validator: '"v1"' });
  await images.followImport(second.id, { offset: half, validator: '"v1"' });
  await images.writeImport(second.id, { offset: half, bytes: disk.subarray(half), zeros: 0 });
  expect(readFileSync((await images.finishImport(second.id, {})).path).equals(disk)).toBe(true);
  expect(filesOf(bench, 'images')).toEqual(['a.raw']);
});

test('who gives up while a piece is being written has the name free at once, and can go on behind that piece', async () => {
  await using bench = await openBench();
  const { images } = bench.engine();
  const half = bootDiskBytes / 2;
  const first = await images.beginImport({ name: 'a', resumeKey });
  await images.followImport(first.id, { offset: 0, validator: '"v1"' });
  const writing = images.writeImport(first.id, { offset: 0, bytes: disk.subarray(0, half), zeros: 0 });
  await images.cancelImport(first.id);
  expect(await writing).toBe(half);
  const second = await images.beginImport({ name: 'a', resumeKey });
  expect(second.offset).toBe(half);
  await images.cancelImport(second.id);

  const third = await images.beginImport({ name: 'a', resumeKey });
  const last = images.writeImport(third.id, { offset: half, bytes: disk.subarray(half), zeros: 0 });
  const closing = (images as Engine['images'] & { close(): Promise<void> }).close();
  expect(await last).toBe(bootDiskBytes);
  await closing;
  expect(readFileSync(bench.dir.join('images', '.import-a.part')).equals(disk)).toBe(true);
});

test('what is being checked ends at once where it is given up, and is not stored', async () => {
  await using bench = await openBench();
  const { images } = bench.engine();
  writeFileSync(bench.dir.join('disk'), disk);
  const { id } = await images.beginImport({ name: 'a' });
  await images.writeImport(id, { offset: 0, bytes: execFileSync('gzip', ['-c', bench.dir.join('disk')]), zeros: 0 });
  const finishing = failure(images.finishImport(id, {}));
  await images.cancelImport(id);
  expect((await finishing).code).toBe('CANCELLED');
  expect([images.list(), filesOf(bench, 'images')]).toEqual([[], []]);
});

test('a download that has changed, or that is another one, begins anew', async () => {
  await using bench = await openBench();
  const { images } = bench.engine();
  const begun = async (more: Partial<ImportImageInput>) => {
    const { id, offset } = await images.beginImport({ name: 'a', resumeKey, ...more });
    await images.followImport(id, { offset: 0, validator: '"v2"' });
    await images.writeImport(id, { offset: 0, bytes: disk, zeros: 0 });
    return { id, offset };
  };
  const first = await begun({});
  await images.cancelImport(first.id);
  const second = await begun({});
  expect(second.offset).toBe(bootDiskBytes);
  expect((await images.finishImport(second.id, {})).sha256).toBe(sha256(disk));
  await images.remove('a');
  const third = await begun({});
  await images.cancelImport(third.id);
  expect((await images.beginImport({ name: 'a', resumeKey: 'cd'.repeat(32) })).offset).toBe(0);
});

test('what an agent has left half made is gone when the next one serves; a download that can be gone on with stays for a week', async () => {
  await using bench = await openBench();
  const { bootId } = bench.host.processes;
  for (const folder of ['images', 'disks']) mkdirSync(bench.dir.join(folder));
  const note = (boot: string) => [resumeKey, '"v1"', boot, 'end'].join('\n');
  const files: Record<string, string> = {
    'images/.new-1': 'x',
    'disks/.new-2': 'x',
    'disks/.deleted-gone.raw': 'x',
    'images/.import-stream.part': 'x',
    'images/.import-cut.part': 'x',
    'images/.import-cut.note': resumeKey,
    'images/.import-boot.part': 'x',
    'images/.import-boot.note': note('another boot'),
    'images/.import-kept.part': 'x',
    'images/.import-kept.note': note(bootId),
    'images/.import-old.part': 'x',
    'images/.import-old.note': note(bootId),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(bench.dir.join(name), text);
  utimesSync(bench.dir.join('images/.import-kept.part'), bench.clock.nowMs() / 1000, bench.clock.nowMs() / 1000);
  utimesSync(bench.dir.join('images/.import-old.part'), bench.clock.nowMs() / 1000, bench.clock.nowMs() / 1000 - 8 * 86_400);
  bench.crash();
  await bench.reborn();
  expect([filesOf(bench, 'images').toSorted(), filesOf(bench, 'disks')]).toEqual([['.import-kept.note', '.import-kept.part'], []]);
});

test("on QEMU a VM's disk is an overlay that grows, and its image stays until the VM is gone", async () => {
  await using bench = await openBench();
  const image = await importBytes(bench, disk, { name: 'debian' });
  const { vm } = await bench.vms().create({ name: 'web', image: 'debian', diskSizeBytes: 2 ** 24 });
  const path = bench.dir.join('disks', `${vm.id}.qcow2`);
  expect(vm.spec).toMatchObject({ disks: [{ path, readonly: false, format: 'qcow2' }], hypervisor: 'qemu' });
  expect(vm.spec.ownDisk).toEqual({ image: 'debian', user: 'debian', path, overlay: true });
  const info = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', '-f', 'qcow2', path], { encoding: 'utf8' }));
  expect(info).toMatchObject({ 'virtual-size': 2 ** 24, 'backing-filename': '../images/debian.raw', 'backing-filename-format': 'raw' });
  const seen = contents(path, 'qcow2');
  expect([seen.byteLength, Buffer.compare(seen.subarray(0, bootDiskBytes), disk)]).toEqual([2 ** 24, 0]);
  expect(await failure(bench.engine().images.remove('debian'))).toMatchObject({ code: 'IMAGE_IN_USE', message: 'image debian is used by VM web' });
  expect(bench.engine().images.get('debian').usedBy).toEqual([{ vmId: vm.id, vmName: 'web' }]);

  const data = bench.file('data.raw');
  await bench.vms().attachDisk(vm.id, { path: data, readonly: false }, {});
  expect((await bench.vms().delete(vm.id, {})).disks).toEqual({ removed: [path], kept: [data] });
  expect([existsSync(path), existsSync(data), existsSync(image.path)]).toEqual([false, true, true]);
  await bench.engine().images.remove('debian');
  expect(existsSync(image.path)).toBe(false);
});

test('on cloud-hypervisor it is raw and whole, so that its image may go', async () => {
  await using bench = await openBench({ hypervisor: { kind: 'cloud-hypervisor' } });
  await importBytes(bench, qcow2(bench), { name: 'q' });
  await importBytes(bench, disk, { name: 'r' });
  for (const [image, size] of [
    ['q', null],
    ['r', 2 ** 22],
  ] as const) {
    const { vm } = await bench.vms().create({ kernel: bench.file('kernel'), image, diskSizeBytes: size });
    const path = bench.dir.join('disks', `${vm.id}.raw`);
    expect(vm.spec.ownDisk).toEqual({ image, user: null, path, overlay: false });
    await bench.engine().images.remove(image);
    const bytes = readFileSync(path);
    expect([bytes.byteLength, Buffer.compare(bytes.subarray(0, bootDiskBytes), disk)]).toEqual([size ?? bootDiskBytes, 0]);
    expect(statSync(path).blocks * 512).toBeLessThan(bootDiskBytes / 2);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  }
});

test('where the filesystem clones, each disk is a clone in the format of its image', async () => {
  await using bench = await openBench();
  bench.host.cloning = 'done';
  await importBytes(bench, qcow2(bench), { name: 'q' });
  await importBytes(bench, disk, { name: 'r' });
  for (const [image, format, bytes] of [
    ['q', 'qcow2', 2 ** 21],
    ['r', 'raw', 2 ** 21],
    ['r', 'raw', null],
  ] as const) {
    const { vm } = await bench.vms().create({ image, diskSizeBytes: bytes });
    const [own] = vm.spec.disks;
    expect([own?.format, vm.spec.ownDisk?.overlay]).toEqual([format, false]);
    const seen = contents(own?.path ?? '', format);
    expect([seen.byteLength, Buffer.compare(seen.subarray(0, bootDiskBytes), disk)]).toEqual([bytes ?? bootDiskBytes, 0]);
  }
  expect(bench.host.ran.filter(([program]) => program === 'qemu-img').map(([, verb]) => verb)).not.toContain('create');
});

test('what a VM cannot be made of is refused, and leaves no disk', async () => {
  await using bench = await openBench();
  await importBytes(bench, new Uint8Array(2 << 20).fill(1), { name: 'two' });
  await bench.create({ name: 'taken' });
  const cases: [object, string, RegExp][] = [
    [{ image: 'two', diskSizeBytes: 1 << 20 }, 'INVALID_ARGUMENT', /^disk-size: 1048576 bytes are less than the image two has, 2097152$/],
    [{ image: 'none' }, 'IMAGE_NOT_FOUND', /^image: none is no stored image$/],
    [{ image: '../two' }, 'INVALID_ARGUMENT', /^image: must be 1 to 63/],
    [{ image: 'two', diskSizeBytes: (3 << 20) + 512 }, 'INVALID_ARGUMENT', /^disk-size: must be whole MiB$/],
    [{ image: 'two', name: 'taken' }, 'NAME_TAKEN', /taken is the name of another VM/],
    [{ image: 'two', nics: [{ network: 'nowhere' }] }, 'NETWORK_NOT_FOUND', /nowhere/],
    [{ kernel: '/k', diskSizeBytes: 1 << 20 }, 'INVALID_ARGUMENT', /^disk-size: needs an image$/],
  ];
  for (const [input, code, message] of cases) {
    const error = await failure(bench.vms().create(input));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(filesOf(bench, 'disks')).toEqual([]);
  }
  bench.host.failNextRun('no');
  expect(await failure(bench.vms().create({ image: 'two' }))).toMatchObject({ code: 'PROGRAM_FAILED' });
  const gone = new AbortController();
  const creating = failure(bench.vms().create({ image: 'two' }, { signal: gone.signal }));
  gone.abort();
  expect((await creating).code).toBe('CANCELLED');
  expect([filesOf(bench, 'disks'), bench.vms().list().length]).toEqual([[], 1]);
  // Nothing holds the image any more.
  await bench.engine().images.remove('two');
});

test('an image that has lost its file says so, and can be removed', async () => {
  await using bench = await openBench();
  const { path } = await importBytes(bench, disk, { name: 'a' });
  execFileSync('rm', ['-f', path]);
  expect(bench.engine().images.get('a').diskBytes).toBeNull();
  expect(await failure(bench.vms().create({ image: 'a' }))).toMatchObject({ code: 'FILE_NOT_FOUND' });
  await bench.engine().images.remove('a');
});

test('an image is for reading alone, by whatever name it is attached', async () => {
  await using bench = await openBench();
  const { path } = await importBytes(bench, disk, { name: 'a' });
  symlinkSync(path, bench.dir.join('link'));
  linkSync(path, bench.dir.join('hard'));
  const running = await bench.started({ name: 'running' });
  for (const name of [path, bench.dir.join('link'), bench.dir.join('hard')]) {
    const refused = { code: 'DISK_IN_USE', message: expect.stringContaining(`disk ${name} is the stored image a, which nothing may write to`) };
    const id = await bench.create({ disks: [{ path: name, format: 'raw' }] });
    expect(await failure(bench.vms().start(id, {}))).toMatchObject(refused);
    await bench.vms().delete(id, {});
    expect(await failure(bench.vms().attachDisk(running, { path: name, readonly: false, format: 'raw' }, {}))).toMatchObject(refused);
  }
  await bench.vms().attachDisk(running, { path, readonly: true, format: 'raw' }, {});
  const used = { code: 'IMAGE_IN_USE', message: 'image a is used by VM running' };
  expect(await failure(bench.engine().images.remove('a'))).toMatchObject(used);
  await bench.vms().detachDisk(running, path, {});
  await bench.vms().attachDisk(running, { path: bench.dir.join('link'), readonly: true, format: 'raw' }, {});
  expect(await failure(bench.engine().images.remove('a'))).toMatchObject(used);
});

test("a VM's own disk is nobody else's while it runs, and goes with its VM only where no other has it", async () => {
  await using bench = await openBench();
  await importBytes(bench, disk, { name: 'a' });
  const id = await bench.started({ name: 'owner', image: 'a', kernel: bench.file('kernel') });
  const path = bench.vms().get(id).spec.ownDisk?.path ?? '';
  linkSync(path, bench.dir.join('hard.qcow2'));
  const other = await bench.create({ name: 'other', disks: [{ path: bench.dir.join('hard.qcow2') }] });
  expect(await failure(bench.vms().start(other, {}))).toMatchObject({
    code: 'DISK_IN_USE',
    message: expect.stringContaining(`disk ${bench.dir.join('hard.qcow2')} is in use by VM owner, as ${path}`),
  });
  await bench.vms().kill(id, {});
  await bench.vms().detachDisk(other, bench.dir.join('hard.qcow2'), {});
  await bench.vms().attachDisk(other, { path, readonly: false }, {});
  expect(await failure(bench.vms().delete(id, {}))).toMatchObject({
    code: 'DISK_IN_USE',
    message: `disk ${path} would go with its VM, and VM other has it too`,
  });
  await bench.vms().detachDisk(other, path, {});
  // Detached, it is its VM's own all the same.
  await bench.vms().detachDisk(id, path, {});
  expect((await bench.vms().delete(id, {})).disks).toEqual({ removed: [path], kept: [] });
  expect(existsSync(path)).toBe(false);
});

test('an agent that dies while a VM is deleted: with its row the disk comes back, without it the disk goes', async () => {
  await using bench = await openBench();
  await importBytes(bench, disk, { name: 'a' });
  const id = await bench.create({ image: 'a', kernel: bench.file('kernel') });
  const path = bench.vms().get(id).spec.ownDisk?.path ?? '';
  bench.crash();
  const aside = path.replace(/([^/]+)$/, '.deleted-$1');
  execFileSync('mv', [path, aside]);
  writeFileSync(bench.dir.join('disks', '.deleted-no-vm.qcow2'), '');
  await bench.reborn();
  expect(filesOf(bench, 'disks')).toEqual([`${id}.qcow2`]);
  await bench.vms().start(id, {});
});

test('what an earlier VM of that id has left is never put in place of a disk', async () => {
  await using bench = await openBench();
  await importBytes(bench, disk, { name: 'a' });
  const id = await bench.started({ id: 'web' as never, image: 'a', kernel: bench.file('kernel') });
  const path = bench.vms().get(id).spec.ownDisk?.path ?? '';
  const mine = readFileSync(path);
  const aside = bench.dir.join('disks', '.deleted-web.qcow2');
  writeFileSync(aside, 'the earlier one');
  expect(await failure(bench.vms().delete(id, {}))).toMatchObject({ code: 'WRONG_STATE' });
  expect(readFileSync(path).equals(mine)).toBe(true);
  bench.crash();
  await bench.reborn();
  expect([readFileSync(path).equals(mine), existsSync(aside)]).toEqual([true, false]);
});

test('of two VMs that are created with one id or name at once, the second is told so and leaves nothing', async () => {
  await using bench = await openBench();
  await importBytes(bench, disk, { name: 'a' });
  const create = (input: CreateInput) => bench.vms().create({ image: 'a', ...input });
  for (const [input, code] of [
    [{ id: 'web' as never }, 'ID_TAKEN'],
    [{ name: 'db' }, 'NAME_TAKEN'],
  ] as const) {
    const outcomes = await Promise.allSettled([create(input), create(input)]);
    expect(outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [toMvirtError(outcome.reason).code] : []))).toEqual([code]);
  }
  expect(filesOf(bench, 'disks')).toHaveLength(2);
});

test('what cannot be stored has no disk, and what cannot be deleted keeps it', async () => {
  let isFull = false;
  const full = () => {
    if (isFull) throw new MvirtError({ code: 'DISK_FULL', message: 'no room for a row' });
  };
  const store = (real: Store): Store => ({
    ...real,
    vms: {
      ...real.vms,
      insert(vm) {
        full();
        return real.vms.insert(vm);
      },
      remove(id) {
        full();
        real.vms.remove(id);
      },
    },
    images: {
      ...real.images,
      insert(image) {
        full();
        real.images.insert(image);
      },
    },
  });
  await using bench = await openBench({ store });
  await importBytes(bench, disk, { name: 'a' });
  isFull = true;
  expect(await failure(importBytes(bench, disk, { name: 'b' }))).toMatchObject({ code: 'DISK_FULL' });
  expect(filesOf(bench, 'images')).toEqual(['a.raw']);
  expect(await failure(bench.vms().create({ image: 'a', name: 'web' }))).toMatchObject({ code: 'DISK_FULL' });
  expect(filesOf(bench, 'disks')).toEqual([]);
  isFull = false;
  const { vm } = await bench.vms().create({ image: 'a', name: 'web' });
  isFull = true;
  expect(await failure(bench.vms().delete(vm.id, {}))).toMatchObject({ code: 'DISK_FULL' });
  expect(filesOf(bench, 'disks')).toEqual([`${vm.id}.qcow2`]);
  isFull = false;
  await bench.vms().delete(vm.id, {});
  expect(filesOf(bench, 'disks')).toEqual([]);
});

test('an agent that knows its data directory by another name has the same disks and images', async () => {
  await using bench = await openBench();
  await importBytes(bench, disk, { name: 'a' });
  const id = await bench.create({ image: 'a', kernel: bench.file('kernel') });
  const path = bench.vms().get(id).spec.ownDisk?.path ?? '';
  symlinkSync(bench.dir.path, bench.dir.join('link'));
  const { spec } = bench.store().vms.get(id) ?? {};
  const elsewhere = (of: string) => of.replace(bench.dir.path, bench.dir.join('link'));
  if (spec?.ownDisk) bench.store().vms.update(id, { spec: { ...spec, disks: [], ownDisk: { ...spec.ownDisk, path: elsewhere(path) } } });
  expect((await bench.vms().delete(id, {})).disks).toEqual({ removed: [elsewhere(path)], kept: [] });
  expect(filesOf(bench, 'disks')).toEqual([]);
});

test('a disk elsewhere is never removed, whatever a row says of it', async () => {
  await using bench = await openBench();
  const path = bench.file('mine.raw');
  const id = await bench.create({ disks: [{ path }] });
  const { spec } = bench.store().vms.get(id) ?? {};
  if (spec) bench.store().vms.update(id, { spec: { ...spec, ownDisk: { image: 'a', user: null, path, overlay: false } } });
  expect((await bench.vms().delete(id, {})).disks).toEqual({ removed: [], kept: [path] });
  expect(existsSync(path)).toBe(true);
});

test('a disk that a dead agent placed for a VM that it did not store is not written over', async () => {
  await using bench = await openBench();
  await importBytes(bench, disk, { name: 'a' });
  mkdirSync(bench.dir.join('disks'), { recursive: true });
  writeFileSync(bench.dir.join('disks', 'web.qcow2'), 'left');
  expect(await failure(bench.vms().create({ id: 'web' as never, image: 'a' }))).toMatchObject({ code: 'WRONG_STATE' });
  expect(readFileSync(bench.dir.join('disks', 'web.qcow2'), 'utf8')).toBe('left');
  truncateSync(bench.dir.join('disks', 'web.qcow2'), 0);
});
