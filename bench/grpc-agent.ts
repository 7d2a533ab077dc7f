// The agent of bench/grpc.ts, in a process of its own: both doors over one engine whose hypervisor is a fake one, so that the doors are what is measured.
//   bun bench/grpc-agent.ts FOLDER: prints "ready", then its resident memory in MiB every second.
import { createTrpcServer } from '@mvirt/api/trpc';
import { createEngine, createSystemClock } from '@mvirt/engine';
import { createSqliteStore } from '@mvirt/store/sqlite';
import { createFakeHost } from '@mvirt/testkit/fake-host';
import { createFakeHypervisor } from '@mvirt/testkit/fake-hypervisor';
import { createFakeManagedNetworks } from '@mvirt/testkit/fake-managed-networks';
import { createFakeNetwork } from '@mvirt/testkit/fake-network';
import { createFakeProcesses } from '@mvirt/testkit/fake-processes';
import { serveGrpc } from '@mvirt/testkit/grpc-bridge';
import { doubleStatus } from '@mvirt/testkit/serve-double';

const vms = 20;
const printEveryMs = 50;
const [dir = '.'] = process.argv.slice(2);

const processes = createFakeProcesses();
const hypervisor = createFakeHypervisor({ processes });
const engine = createEngine({
  store: createSqliteStore({ dataDir: dir }),
  host: createFakeHost({ processes }),
  network: createFakeNetwork(),
  managed: createFakeManagedNetworks(),
  drivers: [hypervisor],
  defaultHypervisor: 'qemu',
  dataDir: dir,
  bridge: 'br0',
  clock: createSystemClock(),
  log: { info: () => {}, warn: console.error, error: console.error },
});
await engine.recover();
for (let n = 0; n < vms; n++) {
  const { vm } = await engine.vms.create({ id: `vm-${n}`, name: `web-${n}`, kernel: '/boot/vmlinuz' });
  await engine.vms.start(vm.id, {});
}
await serveGrpc(engine, `${dir}/grpc.sock`);
const trpc = createTrpcServer({ services: engine, status: () => doubleStatus, peerOf: () => null, onDefect: console.error });
await new Promise<void>((resolve) => trpc.http.listen(`${dir}/trpc.sock`, resolve));

const line = Buffer.alloc(1024, 'guest output ');
setInterval(() => {
  for (const guest of hypervisor.living()) guest.print(line);
}, printEveryMs);
setInterval(() => console.log((process.memoryUsage.rss() / 2 ** 20).toFixed(1)), 1000);
console.log('ready');
