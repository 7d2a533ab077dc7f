import type { StoredRun } from '../port.ts';
import type { Database } from './native.ts';
import type { VmRow } from './vm-row.ts';

/** What the Rust daemon notes of a VMM; there while one runs. */
export type RuntimeRow = { vm_id: string; pid: number; api_socket: string; serial_socket: string };

/** The statements behind the VM table: rows as they are, without a look inside. */
export interface VmRows {
  list(): VmRow[];
  names(): Pick<VmRow, 'id' | 'name'>[];
  live(): Pick<VmRow, 'id'>[];
  get(id: string): VmRow | null;
  findByName(name: string): VmRow[];
  insert(row: VmRow): void;
  /** Writes all columns but id and created_at; makes our own row where it is missing. */
  write(row: VmRow): void;
  remove(id: string): void;
  runtime(id: string): RuntimeRow | null;
  /** Makes `vm_runtime` say what a run says: a row while a VMM runs, else none. */
  putRuntime(id: string, run: StoredRun | null): void;
}

const columns = `v.id, CAST(v.name AS TEXT) AS name, v.state, CAST(v.config_json AS TEXT) AS config_json, coalesce(v.created_at, 0) AS created_at, v.started_at,
  m.wanted, m.observed, m.responsive, m.stop_json, m.restart_json, m.cause_json, m.extras_json, m.pending_json, m.run_json, m.created_at_ms, m.started_at_ms, m.ended_at_ms, m.revision`;

const select = `SELECT ${columns} FROM vms v LEFT JOIN mvirt_vms m ON m.vm_id = v.id`;

const writeOwn = `
INSERT INTO mvirt_vms (vm_id, wanted, observed, responsive, stop_json, restart_json, cause_json, extras_json, pending_json, run_json, created_at_ms, started_at_ms, ended_at_ms, revision)
VALUES (@id, @wanted, @observed, @responsive, @stop_json, @restart_json, @cause_json, @extras_json, @pending_json, @run_json, @created_at_ms, @started_at_ms, @ended_at_ms, @revision)
ON CONFLICT (vm_id) DO UPDATE SET wanted = excluded.wanted, observed = excluded.observed, responsive = excluded.responsive, stop_json = excluded.stop_json, restart_json = excluded.restart_json,
  cause_json = excluded.cause_json, extras_json = excluded.extras_json, pending_json = excluded.pending_json, run_json = excluded.run_json,
  created_at_ms = excluded.created_at_ms, started_at_ms = excluded.started_at_ms, ended_at_ms = excluded.ended_at_ms, revision = excluded.revision`;

export function createVmRows(db: Database): VmRows {
  const each = 'WHERE v.id IS NOT NULL';
  const newestFirst = 'ORDER BY v.created_at DESC, v.rowid DESC';
  const all = db.prepare<[], VmRow>(`${select} ${each} ${newestFirst}`);
  const names = db.prepare<[], Pick<VmRow, 'id' | 'name'>>(`SELECT v.id, CAST(v.name AS TEXT) AS name FROM vms v ${each} ${newestFirst}`);
  const live = db.prepare<[], Pick<VmRow, 'id'>>(
    `SELECT v.id FROM vms v LEFT JOIN mvirt_vms m ON m.vm_id = v.id ${each} AND coalesce(m.observed, v.state) <> 'stopped' ${newestFirst}`,
  );
  const byId = db.prepare<[string], VmRow>(`${select} WHERE v.id = ?`);
  const byName = db.prepare<[string], VmRow>(`${select} ${each} AND v.name = ? ${newestFirst}`);
  const insertVm = db.prepare<[VmRow]>(
    'INSERT INTO vms (id, name, state, config_json, created_at, started_at) VALUES (@id, @name, @state, @config_json, @created_at, @started_at)',
  );
  const updateVm = db.prepare<[VmRow]>('UPDATE vms SET name = @name, state = @state, config_json = @config_json, started_at = @started_at WHERE id = @id');
  const putOwn = db.prepare<[VmRow]>(writeOwn);
  const removals = ['vm_runtime WHERE vm_id', 'mvirt_consoles WHERE vm_id', 'mvirt_host_keys WHERE vm_id', 'mvirt_vms WHERE vm_id', 'vms WHERE id'].map(
    (where) => db.prepare<[string]>(`DELETE FROM ${where} = ?`),
  );
  const runtimeOf = db.prepare<[string], RuntimeRow>(
    "SELECT vm_id, coalesce(pid, 0) AS pid, coalesce(api_socket, '') AS api_socket, coalesce(serial_socket, '') AS serial_socket FROM vm_runtime WHERE vm_id = ?",
  );
  const dropRuntime = db.prepare<[string]>('DELETE FROM vm_runtime WHERE vm_id = ?');
  const putRuntime = db.prepare<[RuntimeRow]>(
    `INSERT INTO vm_runtime (vm_id, pid, api_socket, serial_socket) VALUES (@vm_id, @pid, @api_socket, @serial_socket)
     ON CONFLICT (vm_id) DO UPDATE SET pid = excluded.pid, api_socket = excluded.api_socket, serial_socket = excluded.serial_socket`,
  );
  return {
    list: () => all.all(),
    names: () => names.all(),
    live: () => live.all(),
    get: (id) => byId.get(id) ?? null,
    findByName: (name) => byName.all(name),
    insert(row) {
      insertVm.run(row);
      putOwn.run(row);
    },
    write(row) {
      updateVm.run(row);
      putOwn.run(row);
    },
    remove(id) {
      for (const removal of removals) removal.run(id);
    },
    runtime: (id) => runtimeOf.get(id) ?? null,
    putRuntime(id, run) {
      const wanted = runtimeRow(id, run);
      if (wanted === null) dropRuntime.run(id);
      else putRuntime.run(wanted);
    },
  };
}

/** A run whose VMM is not recorded yet has no pid to write. */
export function runtimeRow(id: string, run: StoredRun | null): RuntimeRow | null {
  if (run === null || !run.live) return null;
  if (run.foreign) return { vm_id: id, pid: run.foreign.pid, api_socket: run.foreign.apiSocket, serial_socket: run.foreign.serialSocket };
  if (run.process === null) return null;
  const api = run.hypervisor === 'qemu' ? 'qmp.sock' : 'api.sock';
  return { vm_id: id, pid: run.process.pid, api_socket: `${run.runDir}/${api}`, serial_socket: `${run.runDir}/serial.sock` };
}
