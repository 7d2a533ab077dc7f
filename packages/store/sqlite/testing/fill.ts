// Fills a small filesystem with VMs, makes room again and goes on; prints what happened as JSON.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toMvirtError } from '@mvirt/domain';
import { createSqliteStore } from '../store.ts';
import { testSpec, testVm } from './test-vm.ts';

const dataDir = process.argv[2] ?? '';
const ballast = join(dataDir, 'ballast');
writeFileSync(ballast, new Uint8Array(300 * 1024));
const store = createSqliteStore({ dataDir });
const big = testSpec({ userData: 'x'.repeat(20_000) });

function create(id: string): string | null {
  try {
    store.transact(() => {
      store.vms.insert(testVm(id, { spec: big }));
      store.events.append({ id, name: id }, { type: 'created', message: 'created' }, 1);
    });
    return null;
  } catch (thrown) {
    return toMvirtError(thrown).code;
  }
}

const codes: string[] = [];
let acknowledged = 0;
while (codes.length < 3 && acknowledged < 1000) {
  const code = create(`vm-${acknowledged}`);
  if (code === null) acknowledged++;
  else codes.push(code);
}
const whileFull = store.vms.list().length;
rmSync(ballast);
const after = create('after');
const listed = store.vms.list().length;
const events = store.events.last({ limit: 10_000 }).length;
store.close();
const again = createSqliteStore({ dataDir });
const reopened = again.vms.list().length;
again.close();
process.stdout.write(JSON.stringify({ acknowledged, codes, whileFull, after, listed, events, reopened }));
