import { afterEach, beforeEach, expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyOut, tinyGuestPath } from './tiny-guest.ts';

const committed = join(import.meta.dir, 'tiny/tiny.elf');
let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mvirt-tiny-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const firstLine = (program: string): string | null => {
  if (Bun.which(program) === null) return null;
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? null;
};
const tools = `${firstLine('gcc')}\n${firstLine('ld')}\n`;
const recorded = readFileSync(join(import.meta.dir, 'tiny/tools.txt'), 'utf8');
const canBuild = Bun.which('gcc') !== null && Bun.which('ld') !== null && Bun.which('strip') !== null;
if (!canBuild) console.log('skip: gcc and binutils are missing, so tiny.elf is not rebuilt (Debian packages gcc, binutils)');
if (canBuild && tools !== recorded) console.log(`skip: tiny.elf was built by other tools, so its bytes are not compared:\n${recorded}here:\n${tools}`);

type Segment = { type: number; offset: number; address: number; fileSize: number };

/** The parts of an ELF64 that a PVH loader reads. */
function readElf(path: string): { machine: number; entry: number; segments: Segment[]; pvhEntry: number | null } {
  const bytes = readFileSync(path);
  expect(bytes.subarray(0, 5)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2]));
  const at = Number(bytes.readBigUInt64LE(32));
  const size = bytes.readUInt16LE(54);
  const segments = Array.from({ length: bytes.readUInt16LE(56) }, (_, i) => ({
    type: bytes.readUInt32LE(at + i * size),
    offset: Number(bytes.readBigUInt64LE(at + i * size + 8)),
    address: Number(bytes.readBigUInt64LE(at + i * size + 24)),
    fileSize: Number(bytes.readBigUInt64LE(at + i * size + 32)),
  }));
  const note = segments.find((segment) => segment.type === 4);
  const isPvh = note !== undefined && bytes.readUInt32LE(note.offset + 8) === 18 && bytes.toString('latin1', note.offset + 12, note.offset + 15) === 'Xen';
  return {
    machine: bytes.readUInt16LE(18),
    entry: Number(bytes.readBigUInt64LE(24)),
    segments,
    pvhEntry: isPvh ? bytes.readUInt32LE(note.offset + 16) : null,
  };
}

test('the committed guest is an x86-64 ELF with a PVH entry inside its one loaded segment', () => {
  const elf = readElf(tinyGuestPath());
  expect(elf.machine).toBe(62);
  const loaded = elf.segments.filter((segment) => segment.type === 1);
  expect(loaded).toHaveLength(1);
  expect(loaded[0]?.address).toBe(0x100000);
  expect(elf.pvhEntry).toBe(elf.entry);
  expect(elf.entry).toBeGreaterThanOrEqual(0x100000);
  expect(elf.entry).toBeLessThan(0x100000 + (loaded[0]?.fileSize ?? 0));
});

test.skipIf(!canBuild)('its source builds into a guest of the same shape', () => {
  const built = join(folder, 'built.elf');
  execFileSync(join(import.meta.dir, 'tiny/build.sh'), [built]);
  const fresh = readElf(built);
  expect(fresh.machine).toBe(62);
  expect(fresh.pvhEntry).toBe(fresh.entry);
  const strings = ['TINY up: ', 'TINY button', 'TINY pci up ', 'TINY pci ejected ', 'TINY probe done', 'TINY bye', 'deaf', 'keep', 'probe='];
  for (const path of [built, committed]) for (const text of strings) expect(readFileSync(path).includes(text)).toBe(true);
});

test.skipIf(!canBuild || tools !== recorded)('the same tools give the committed bytes', () => {
  const built = join(folder, 'built.elf');
  execFileSync(join(import.meta.dir, 'tiny/build.sh'), [built]);
  expect(readFileSync(built).equals(readFileSync(committed))).toBe(true);
});

test('from sources the path is the committed file', () => {
  expect(tinyGuestPath(folder)).toBe(committed);
  expect(readdirSync(folder)).toEqual([]);
});

test('a copy has its content in its name, mends a damaged one and leaves no part behind', () => {
  const elf = readFileSync(committed);
  const into = join(folder, 'new/guests');
  const path = copyOut(elf, into);
  expect(readFileSync(path).equals(elf)).toBe(true);
  writeFileSync(path, 'half');
  expect(copyOut(elf, into)).toBe(path);
  expect(readFileSync(path).equals(elf)).toBe(true);
  expect(copyOut(elf, into)).toBe(path);
  expect(readdirSync(into)).toHaveLength(1);
});

test('a folder that is a file is an error that names it', () => {
  const into = join(folder, 'file');
  writeFileSync(into, '');
  expect(() => copyOut(new Uint8Array([1]), join(into, 'sub'))).toThrow(`cannot be written to ${join(into, 'sub')}`);
});

test('inside a compiled executable it is copied out', () => {
  const source = join(folder, 'show.ts');
  writeFileSync(source, `import { tinyGuestPath } from '${join(import.meta.dir, 'tiny-guest.ts')}';\nconsole.log(tinyGuestPath(process.argv[2]));\n`);
  const program = join(folder, 'show');
  execFileSync(process.execPath, ['build', '--compile', source, '--outfile', program], { stdio: 'pipe', cwd: folder });
  const path = execFileSync(program, [join(folder, 'out')], { encoding: 'utf8' }).trim();
  expect(path.startsWith(join(folder, 'out/tiny-'))).toBe(true);
  expect(readFileSync(path).equals(readFileSync(committed))).toBe(true);
  expect(() => execFileSync(program, [], { stdio: 'pipe' })).toThrow('name a folder');
}, 60_000);
