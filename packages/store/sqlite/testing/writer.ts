// Creates VMs without end and prints the id of each once it is acknowledged; killed by the test that runs it.
import { createSqliteStore } from '../store.ts';
import { testVm } from './test-vm.ts';

const store = createSqliteStore({ dataDir: process.argv[2] ?? '' });
const prefix = process.argv[3] ?? '';
for (let number = 0; ; number++) {
  const vm = testVm(`${prefix}-${number}`);
  store.transact(() => {
    store.vms.insert(vm);
    store.events.append(vm, { type: 'created', message: 'created' }, number);
  });
  process.stdout.write(`${vm.id}\n`);
}
