import { asVmId, MvirtError } from '@mvirt/domain';
import type { StoredVm, VmTable } from '../port.ts';
import { codeOf } from './failure.ts';
import { createSpecCache } from './spec-cache.ts';
import { decodeRow, encodeChange, type VmRow } from './vm-row.ts';
import type { VmRows } from './vm-rows.ts';

const emptyRow = {
  name: null,
  state: 'stopped',
  config_json: '{}',
  created_at: 0,
  started_at: null,
  wanted: 'stopped',
  observed: 'stopped',
  responsive: 1,
  stop_json: null,
  restart_json: null,
  cause_json: null,
  extras_json: '{}',
  pending_json: null,
  run_json: null,
  created_at_ms: 0,
  started_at_ms: null,
  ended_at_ms: null,
  revision: 0,
} satisfies Omit<VmRow, 'id'>;

/** transact: all or nothing, nested where one is open. */
export function createVmTable(rows: VmRows, transact: <T>(work: () => T) => T): VmTable {
  const specs = createSpecCache();
  const decode = (row: VmRow): StoredVm => decodeRow(row, specs.read);
  return {
    list: () => rows.list().map(decode),
    names: () => rows.names().map(({ id, name }) => ({ id: asVmId(id), name })),
    live: () => rows.live().map(({ id }) => asVmId(id)),
    get(id) {
      const row = rows.get(id);
      return row === null ? null : decode(row);
    },
    findByName: (name) => rows.findByName(name).map(decode),
    insert: (vm) => transact(() => insert(rows, vm)),
    update: (id, change) => transact(() => update(rows, id, change)),
    remove(id) {
      transact(() => rows.remove(id));
      specs.forget(id);
    },
  };
}

function insert(rows: VmRows, vm: Omit<StoredVm, 'revision'>): StoredVm {
  const row = { ...emptyRow, ...encodeChange(vm, vm), id: vm.id, revision: 1 };
  try {
    rows.insert(row);
  } catch (thrown) {
    if (codeOf(thrown) !== 'SQLITE_CONSTRAINT_PRIMARYKEY') throw thrown;
    throw new MvirtError({ code: 'ID_TAKEN', message: `a VM with the id ${vm.id} exists already`, cause: thrown });
  }
  rows.putRuntime(vm.id, vm.run);
  return decodeRow(row);
}

function update(rows: VmRows, id: string, change: Parameters<VmTable['update']>[1]): StoredVm {
  const row = rows.get(id);
  if (row === null) throw new MvirtError({ code: 'VM_NOT_FOUND', message: `VM ${id} not found` });
  const changed = changeRow(row, change);
  rows.write(changed);
  if (change.run !== undefined) rows.putRuntime(id, change.run);
  return decodeRow(changed);
}

/** A row with a change in it and its revision raised; columns that the change does not name keep their text. */
export function changeRow(row: VmRow, change: Parameters<VmTable['update']>[1]): VmRow {
  const current = decodeRow(row);
  return { ...row, ...ownDefaults(row, current), ...encodeChange(change, current), revision: current.revision + 1 };
}

/** Our columns for a row that has none of its own yet. */
function ownDefaults(row: VmRow, vm: StoredVm): Partial<VmRow> {
  if (row.revision !== null) return {};
  const { name: _, ...own } = encodeChange({ condition: vm.condition, run: vm.run, pendingSpec: null }, vm);
  return { ...own, state: row.state, extras_json: row.extras_json ?? '{}', created_at_ms: vm.createdAtMs, started_at_ms: vm.startedAtMs };
}
