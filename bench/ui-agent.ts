import { join } from 'node:path';
import { createUsageChanges, type VmSnapshot, type VmUsage } from '@mvirt/engine';
import { doubleServices, doubleVm } from '@mvirt/testkit/double-services';
import { serveDouble } from '@mvirt/testkit/serve-double';

/** An agent's doors with so many VMs, and a way to change them. */
export async function serveVms(dir: string, vms: number) {
  const services = doubleServices();
  const running = (n: number): VmSnapshot => {
    const name = `vm-${String(n).padStart(4, '0')}`;
    const vm = doubleVm(name, name);
    return { ...vm, condition: { ...vm.condition, observed: 'running', wanted: 'running' }, revision: n };
  };
  for (let n = 0; n < vms; n += 1) services.vmsById.set(running(n).id, running(n));
  const queue: VmSnapshot[] = [];
  let wake = () => {};
  services.vms.watch = async function* ({ signal }) {
    yield { kind: 'snapshot', vms: [...services.vmsById.values()] };
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      const vm = queue.shift();
      if (vm !== undefined) yield { kind: 'changed', vm };
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  const figures = { hostname: 'bench', kernelVersion: '6', uptimeSeconds: 1, cpus: 2, memoryBytes: 2 ** 34, availableMemoryBytes: 2 ** 33 };
  services.host.info = () => ({ figures: { ...figures, load: [0, 0, 0] }, allocatedCpus: 1, allocatedMemoryBytes: 2 ** 30, running: vms, vms });
  const usage = createUsageChanges();
  services.host.usage = ({ since }) => {
    const figures = [...services.vmsById.keys()].map((id): VmUsage => ({ id, cpuPercent: 3, rssBytes: 2 ** 28 }));
    usage.take(figures, Date.now());
    return usage.since(since);
  };
  const served = await serveDouble(join(dir, `${vms}.sock`), services);
  let turn = 0;
  return {
    socket: join(dir, `${vms}.sock`),
    left: () => queue.length,
    change(many: number): void {
      for (let n = 0; n < many; n += 1) {
        turn += 1;
        const vm = running((turn * 37) % vms);
        queue.push({ ...vm, condition: { ...vm.condition, observed: turn % 3 === 0 ? 'paused' : 'running' }, revision: turn });
      }
      wake();
    },
    [Symbol.asyncDispose]: () => served[Symbol.asyncDispose](),
  };
}
