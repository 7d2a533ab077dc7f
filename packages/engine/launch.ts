import { randomUUID } from 'node:crypto';
import type { LaunchNic, RunRecord } from '@mvirt/domain';
import type { HypervisorDriver, Vmm } from '@mvirt/hypervisor';
import type { StoredRun, StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { oldLeases } from './networks/address-watch.ts';
import { macOf } from './nic-macs.ts';
import { makeRunDir } from './run-dir.ts';
import { makeSeed, needsSeed } from './seed-image.ts';

export type Launched = { vmm: Vmm; runId: string };

/**
 * Boots a VM: NICs, seed image, run record, VMM. Each step undoes itself where a later one fails or the signal ends it.
 * Answers once the guest's vCPUs run.
 */
export async function launch(context: EngineContext, vm: StoredVm, driver: HypervisorDriver, signal: AbortSignal): Promise<Launched> {
  const { store, clock, consoles } = context;
  await using undo = new AsyncDisposableStack();
  const runDir = makeRunDir(context.dataDir, vm.id);
  const nics = await prepareNics(context, vm, signal, undo);
  signal.throwIfAborted();
  const seedImage = needsSeed(vm.spec) ? await seed(context, vm, runDir, nics, signal, undo) : null;
  signal.throwIfAborted();

  const { vcpus, memoryMib, maxVcpus, maxMemoryMib } = vm.spec;
  const mayGrow = maxVcpus !== null || maxMemoryMib !== null;
  const run: RunRecord = {
    vmId: vm.id,
    runDir,
    runId: randomUUID(),
    hypervisor: driver.kind,
    process: null,
    disks: vm.spec.disks,
    nics,
    ...(mayGrow ? { size: { vcpus, memoryMib } } : {}),
  };
  const stored: StoredRun = { ...run, live: true, startedAtMs: clock.nowMs(), oldLeases: oldLeases(context.managed, vm) };
  // One write to the disk for both: a start waits for it.
  store.transact(() => {
    consoles.runStarting(vm.id, { runId: run.runId, runDir });
    store.vms.update(vm.id, { run: stored });
  });
  undo.defer(undoing(context, vm, 'the run record', () => void store.vms.update(vm.id, { run: vm.run })));

  const onSpawned: Parameters<HypervisorDriver['launch']>[0]['onSpawned'] = (process) => {
    store.vms.update(vm.id, { run: { ...stored, process } });
  };
  const vmm = await driver.launch({ run, spec: vm.spec, seedImage, onSpawned }, { signal });
  undo.move();
  return { vmm, runId: run.runId };
}

/** vhost-user NICs have no TAP: their sockets are somebody else's. */
const tapNics = ({ id, spec }: StoredVm) =>
  spec.nics.flatMap((nic, index) => (nic.vhostSocket === null ? [{ index, tap: nic.tap, mac: macOf(id, nic, index), network: nic.network }] : []));

/** A step back that fails hides neither the others nor the error that it follows; recovery finds what is left. */
function undoing({ log }: EngineContext, vm: StoredVm, what: string, step: () => Promise<void> | void): () => Promise<void> {
  return async () => {
    try {
      await step();
    } catch (thrown) {
      log.error(`${what} of a failed start could not be taken back`, { vm: vm.id, error: String(thrown) });
    }
  };
}

async function prepareNics(context: EngineContext, vm: StoredVm, signal: AbortSignal, undo: AsyncDisposableStack): Promise<LaunchNic[]> {
  const asked = tapNics(vm);
  if (asked.length === 0) return [];
  const nics = await Promise.all(asked.map(async ({ network, ...nic }) => ({ ...nic, place: await context.networks.place(network, { signal }) })));
  const prepared = await context.network.prepare({ vmId: vm.id, nics }, { signal });
  if (prepared.some((nic) => nic.ours)) undo.defer(undoing(context, vm, 'a TAP', () => context.taps.release(vm.id, {})));
  return prepared.map(({ index, tap, mac }) => ({ index, tap, mac }));
}

async function seed(context: EngineContext, vm: StoredVm, runDir: string, nics: LaunchNic[], signal: AbortSignal, undo: AsyncDisposableStack): Promise<string> {
  const { userData, sshKeys } = vm.spec;
  const image = await makeSeed(context.host, runDir, { vmId: vm.id, name: vm.name, userData, sshKeys, macs: nics.map((nic) => nic.mac) }, signal);
  undo.defer(undoing(context, vm, 'the seed image', () => image.remove()));
  return image.path;
}
