// Somebody else fills the filesystem to its last block; then VMs go on ending. Prints how many of that could be stored as JSON.
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { newCondition, toMvirtError } from '@mvirt/domain';
import { createSqliteStore } from '../store.ts';
import { testRun, testVm } from './test-vm.ts';

const dataDir = process.argv[2] ?? '';
const filler = join(dataDir, 'filler');
const store = createSqliteStore({ dataDir });
for (let number = 0; number < 50; number++) store.vms.insert(testVm(`vm-${number}`));
store.keepReserve();
const fd = openSync(filler, 'w');
try {
  for (;;) writeSync(fd, Buffer.alloc(4096, 1));
} catch {
  // Full.
} finally {
  closeSync(fd);
}
let stored = 0;
let code: string | null = null;
while (code === null && stored < 1000) {
  const id = `vm-${stored % 50}`;
  try {
    store.transact(() => {
      store.vms.update(id, { condition: { ...newCondition(), observed: stored % 2 === 0 ? 'running' : 'stopped' }, run: testRun(id) });
      store.events.append({ id, name: id }, { type: 'stopped', message: 'the guest powered off, as asked', detail: { cause: 'asked-stop' } }, stored);
    });
    stored += 1;
  } catch (thrown) {
    code = toMvirtError(thrown).code;
  }
}
rmSync(filler);
store.keepReserve();
store.events.append({ id: 'a', name: 'a' }, { type: 'warning', message: 'after' }, 1);
store.close();
const again = createSqliteStore({ dataDir });
const reopened = again.events.last({ limit: 10_000 }).length;
again.close();
process.stdout.write(JSON.stringify({ stored, code, reopened }));
