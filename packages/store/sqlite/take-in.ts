import { join } from 'node:path';
import { newCondition, type VmCondition } from '@mvirt/domain';
import type { StoredRun, StoredVm } from '../port.ts';
import type { Database } from './native.ts';
import { decodeRow, readObserved, readRun, stateWord, type VmRow } from './vm-row.ts';
import { type RuntimeRow, runtimeRow, type VmRows } from './vm-rows.ts';
import { changeRow } from './vm-table.ts';

/** The run id of a run that another daemon began. */
export const foreignRunId = 'foreign';

/**
 * Takes in what another daemon did to `vms` and `vm_runtime` while we were away: rows that are new, replaced or gone,
 * and VMs that it started. Where it says stopped, our own word stays: only the engine can tell whether our VMM lives.
 */
export function takeIn(db: Database, rows: VmRows, dataDir: string): void {
  db.exec(`
DELETE FROM mvirt_vms WHERE NOT EXISTS (
  SELECT 1 FROM vms WHERE vms.id = mvirt_vms.vm_id AND mvirt_vms.created_at_ms - coalesce(vms.created_at, 0) * 1000 BETWEEN 0 AND 999);
DELETE FROM mvirt_host_keys WHERE NOT EXISTS (SELECT 1 FROM mvirt_vms WHERE mvirt_vms.vm_id = mvirt_host_keys.vm_id);
DELETE FROM mvirt_consoles WHERE NOT EXISTS (SELECT 1 FROM vms WHERE vms.id = mvirt_consoles.vm_id);
DELETE FROM vm_runtime WHERE NOT EXISTS (SELECT 1 FROM vms WHERE vms.id = vm_runtime.vm_id);`);
  for (const row of rows.list()) {
    const runtime = rows.runtime(row.id);
    if (isAsLeft(row, runtime)) continue;
    const taken = changeRow(row, foreignChange(row, runtime, dataDir));
    rows.write(taken);
    rows.putRuntime(row.id, readRun(taken));
  }
}

const isAsLeft = (row: VmRow, runtime: RuntimeRow | null): boolean =>
  row.revision !== null && row.state === stateWord(readObserved(row)) && same(runtimeRow(row.id, readRun(row)), runtime);

function foreignChange(row: VmRow, runtime: RuntimeRow | null, dataDir: string): Partial<StoredVm> {
  const vm = decodeRow(row);
  const isOurs = row.revision !== null && !startedElsewhere(vm, runtime);
  if (isOurs) return { condition: vm.condition };
  const condition = conditionOf(row.state, runtime !== null);
  if (condition.observed === 'stopped') return { condition };
  const startedAtMs = row.started_at === null ? null : row.started_at * 1000;
  return { condition, startedAtMs, run: foreignRun({ ...vm, startedAtMs }, runtime, dataDir) };
}

function startedElsewhere(vm: StoredVm, runtime: RuntimeRow | null): boolean {
  if (runtime === null) return false;
  const ours = runtimeRow(vm.id, vm.run);
  return ours === null || ours.pid !== runtime.pid || ours.api_socket !== runtime.api_socket;
}

/** A VMM that is noted may live, whatever the state word says: stopped is believed only where none is noted. */
function conditionOf(word: string, hasVmm: boolean): VmCondition {
  if (word === 'stopping') return { ...newCondition(), observed: 'stopping', stop: { by: 'stop', deadlineAtMs: null, poweringOff: false } };
  if (word === 'starting') return { ...newCondition(), observed: 'starting', wanted: 'running' };
  if (word === 'running' || hasVmm) return { ...newCondition(), observed: 'running', wanted: 'running' };
  return newCondition();
}

function foreignRun(vm: StoredVm, runtime: RuntimeRow | null, dataDir: string): StoredRun {
  return {
    vmId: vm.id,
    runDir: join(dataDir, 'vm', vm.id),
    runId: foreignRunId,
    hypervisor: 'cloud-hypervisor',
    process: null,
    disks: vm.spec.disks,
    nics: [],
    live: true,
    startedAtMs: vm.startedAtMs ?? vm.createdAtMs,
    ...(runtime === null ? {} : { foreign: { pid: runtime.pid, apiSocket: runtime.api_socket, serialSocket: runtime.serial_socket } }),
  };
}

const same = (a: RuntimeRow | null, b: RuntimeRow | null): boolean =>
  a === b || (a !== null && b !== null && a.pid === b.pid && a.api_socket === b.api_socket && a.serial_socket === b.serial_socket);
