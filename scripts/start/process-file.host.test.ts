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

test('one claims, another is told who has it', () => {
  const file = createProcessFile(join(folder, 'one.json'), processes);
  expect(file.claim(self)).toBeNull();
  expect(file.claim({ ...self, pid: 1 })).toEqual(self);
  file.remove();
  expect(file.read()).toBeNull();
});

test("a dead process's claim, a reused pid's and a broken file are taken over", () => {
  const path = join(folder, 'two.json');
  const file = createProcessFile(path, processes);
  for (const stale of [JSON.stringify({ ...self, startTicks: self.startTicks - 1 }), JSON.stringify({ ...self, bootId: 'another' }), '{"pid":']) {
    writeFileSync(path, stale);
    expect(file.claim(self)).toBeNull();
    expect(file.read()).toEqual(self);
  }
});
