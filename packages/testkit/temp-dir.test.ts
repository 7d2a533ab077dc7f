import { expect, test } from 'bun:test';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { deepTempDir, tempDir } from './temp-dir.ts';

test('a temp dir is empty, its own, and gone with all that is in it', () => {
  let path = '';
  {
    using dir = tempDir('mine');
    using other = tempDir('mine');
    expect(other.path).not.toBe(dir.path);
    expect(readdirSync(dir.path)).toEqual([]);
    writeFileSync(dir.join('file'), 'x');
    path = dir.path;
  }
  expect(existsSync(path)).toBe(false);
});

test('a deep temp dir has the length that was asked for', () => {
  for (const length of [100, 133, 150, 400]) {
    using dir = deepTempDir(length);
    expect(dir.path.length).toBe(length);
    expect(existsSync(dir.path)).toBe(true);
  }
});
