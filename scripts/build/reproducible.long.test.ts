import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mvirt/testkit/temp-dir';

const root = join(import.meta.dir, '../..');

test('two builds of the same sources, in folders of different names and depth, are the same bytes', () => {
  using dir = tempDir('reproducible');
  const hashes = ['one', 'another/and/deeper'].map((name) => {
    const folder = dir.join(name);
    for (const part of readdirSync(root).filter((entry) => !['.git', 'tmp', 'dist', 'docs'].includes(entry)))
      cpSync(join(root, part), join(folder, part), { recursive: true, verbatimSymlinks: true });
    execFileSync(process.execPath, [join(folder, 'scripts/build/main.ts')], { env: { ...process.env, SOURCE_DATE_EPOCH: '1700000000' }, stdio: 'inherit' });
    const built = readFileSync(join(folder, 'dist/mvirt'));
    expect([name, built.includes(dir.path)]).toEqual([name, false]);
    return createHash('sha256').update(built).digest('hex');
  });
  expect(hashes[1]).toBe(hashes[0] ?? '');
});
