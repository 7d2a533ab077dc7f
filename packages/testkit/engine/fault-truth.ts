import { expect } from 'bun:test';
import { existsSync, readdirSync } from 'node:fs';
import { defaultNetwork, type VmId } from '@mvirt/domain';
import type { Bench } from './bench.ts';
import { passing } from './passing.ts';

/** What must hold whatever happened: what is listed is what lives, and nothing else does. */
export function expectTruth(bench: Bench): void {
  const listed = bench.vms().list();
  const up = listed.filter(({ condition }) => condition.observed !== 'stopped');
  const living = bench.hypervisor.living();
  expect(up.map(({ id }) => String(id)).toSorted()).toEqual(living.map(({ run }) => run.vmId).toSorted());
  expect(bench.host.processes.alive()).toHaveLength(living.length);
  const taps = up.flatMap(({ id, nics }) => nics.flatMap(({ tap }) => (tap === null ? [] : [{ tap, vmId: String(id) }])));
  expect(bench.network.taps().toSorted((a, b) => a.tap.localeCompare(b.tap))).toEqual(taps.toSorted((a, b) => a.tap.localeCompare(b.tap)));
  const folder = bench.dir.join('vm');
  const folders = existsSync(folder) ? readdirSync(folder) : [];
  const ids = listed.map(({ id }) => String(id));
  expect(folders.filter((name) => !ids.includes(name))).toEqual([]);
  const networks = bench.engine().networks.list();
  const [made, known] = [bench.managed.left(), networks.map(({ name }) => name)];
  expect(made.filter((name) => !known.includes(name))).toEqual([]);
  // `default` is made when a VM on it is started.
  expect(known.filter((name) => name !== defaultNetwork && !made.includes(name))).toEqual([]);
  for (const image of bench.engine().images.list()) expect([image.name, image.diskBytes === null]).toEqual([image.name, false]);
  expect(disksIn(bench).filter((name) => !ids.some((id) => name.startsWith(`${id}.`)))).toEqual([]);
  // What the guest has is what is kept of it.
  for (const vm of up) {
    const kept = [...vm.spec.disks.map(({ path }) => path), ...vm.nics.map((nic) => nic.mac)];
    const guest = bench.hypervisor.control(vm.id);
    expect(guest.devices().toSorted()).toEqual(kept.toSorted());
    expect(guest.size()).toEqual({ vcpus: vm.spec.vcpus, memoryMib: vm.spec.memoryMib });
  }
}

/** Disks of VMs' own, and what is being made or removed of them. */
const disksIn = (bench: Bench): string[] => (existsSync(bench.dir.join('disks')) ? readdirSync(bench.dir.join('disks')) : []);

/** Each VM can still be used: stopped, started, and stopped again; each network and image removed once no VM has to do with it. */
export async function expectUse(bench: Bench): Promise<void> {
  const vms = bench.vms();
  const { networks, images } = bench.engine();
  const use = async (id: VmId): Promise<void> => {
    expect((await vms.stop(id, { graceMs: 10_000 })).vm.condition.observed).toBe('stopped');
    await vms.start(id, {});
    await vms.kill(id, {});
    await vms.delete(id, {});
  };
  for (const guest of bench.hypervisor.living()) guest.manners.hearsButton = true;
  for (const { id } of vms.list()) await passing(bench.clock, use(id));
  for (const { name } of networks.list()) await networks.remove(name, { dryRun: false });
  for (const { name } of images.list()) await images.remove(name);
  expect([...bench.managed.left(), ...disksIn(bench)]).toEqual([]);
}
