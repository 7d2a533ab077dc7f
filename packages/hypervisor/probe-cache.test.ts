import { expect, test } from 'bun:test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { z } from 'zod';
import { probeKey, readProbe, writeProbe } from './probe-cache.ts';

const schema = z.object({ version: z.string() });

test('the result is kept for what it holds for: this boot, this program', () => {
  using dir = tempDir('probe');
  const program = dir.join('qemu');
  writeFileSync(program, 'one');
  const path = dir.join('data/probe-qemu.json');
  const key = probeKey(program, 'boot-1');
  expect(readProbe(path, key, schema)).toBeNull();
  const probed = { version: '7.2' };
  writeProbe(path, key, probed);
  expect(readProbe(path, key, schema)).toEqual(probed);
  expect(readProbe(path, probeKey(program, 'boot-2'), schema)).toBeNull();
  writeFileSync(program, 'another');
  expect(readProbe(path, probeKey(program, 'boot-1'), schema)).toBeNull();
});

test('half a file, another shape and a folder that cannot be written are no cache', () => {
  using dir = tempDir('probe');
  const path = dir.join('probe-qemu.json');
  writeProbe(path, 'key', { other: true });
  expect(readProbe(path, 'key', schema)).toBeNull();
  writeFileSync(path, '{"key":"key","vers');
  expect(readProbe(path, 'key', schema)).toBeNull();
  mkdirSync(dir.join('taken.part'));
  writeProbe(dir.join('taken'), 'key', { version: '7.2' });
  expect(readProbe(dir.join('taken'), 'key', schema)).toBeNull();
});
