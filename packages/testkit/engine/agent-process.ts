import { createEngine, createSystemClock } from '@mvirt/engine';
import { tinyGuestPath } from '@mvirt/guests';
import { createLinuxHost } from '@mvirt/host/linux';
import { createQemuDriver } from '@mvirt/hypervisor/qemu';
import { createSqliteStore } from '@mvirt/store/sqlite';
import { createFakeManagedNetworks } from '../fake-managed-networks.ts';
import { createFakeNetwork } from '../fake-network.ts';

// A whole agent without its doors, to be killed by -9: it recovers, does what its second argument says, and stays.
const [dataDir = '', task = '', id = ''] = process.argv.slice(2);
const host = createLinuxHost();
const quiet = { info: () => {}, warn: () => {}, error: () => {} };
const engine = createEngine({
  store: createSqliteStore({ dataDir }),
  host,
  network: createFakeNetwork(),
  managed: createFakeManagedNetworks(),
  drivers: [createQemuDriver({ host, dataDir, guestImage: tinyGuestPath() })],
  defaultHypervisor: 'qemu',
  dataDir,
  bridge: 'br0',
  clock: createSystemClock(),
  log: quiet,
});
await engine.recover();
if (task === 'start') {
  const { vm } = await engine.vms.create({ id: id as never, kernel: tinyGuestPath(), memoryMib: 64, vcpus: 1 });
  await engine.vms.start(vm.id, {});
}
if (task === 'stop') void engine.vms.stop(id as never, { graceMs: null });
process.stdout.write('ready\n');
setInterval(() => {}, 1 << 30);
