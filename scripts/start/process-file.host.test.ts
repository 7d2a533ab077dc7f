import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLinuxHost } from '@mvirt/host/linux';
import { createProcessFile } from './process-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'mvirt-start-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { processes } = createLinuxHost();
const self = processes.identify(process.pid);
if (self === null) throw new Error('this process is not in /proc');

test('names a living process until it is removed', () => {
  const file = createProcessFile(join(folder, 'one.json'), processes);
  expect(file.read()).toBeNull();
  file.write(self);
  expect(file.read()).toEqual(self);
  file.remove();
  expect(file.read()).toBeNull();
});

test('a reused pid, another boot and a broken file name nobody', () => {
  const path = join(folder, 'two.json');
  for (const stale of [JSON.stringify({ ...self, startTicks: self.startTicks - 1 }), JSON.stringify({ ...self, bootId: 'another' }), '{"pid":']) {
    writeFileSync(path, stale);
    expect(createProcessFile(path, processes).read()).toBeNull();
  }
});
