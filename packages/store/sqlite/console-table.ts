import { asVmId } from '@mvirt/domain';
import { z } from 'zod';
import type { ConsoleTable } from '../port.ts';
import { readJson } from './json-column.ts';
import type { Database } from './native.ts';

type ConsoleRow = { vm_id: string; log_id: string; inode: number; kept_from: number; known_size: number; runs_json: string; times_json: string };

const runsSchema = z.array(z.object({ runId: z.string(), offset: z.number(), atMs: z.number() }));
const timesSchema = z.array(z.object({ offset: z.number(), atMs: z.number() }));

export function createConsoleTable(db: Database): ConsoleTable {
  const select = db.prepare<[string], ConsoleRow>(
    'SELECT vm_id, log_id, inode, kept_from, known_size, runs_json, times_json FROM mvirt_consoles WHERE vm_id = ?',
  );
  const upsert = db.prepare<[ConsoleRow]>(
    `INSERT INTO mvirt_consoles (vm_id, log_id, inode, kept_from, known_size, runs_json, times_json)
     VALUES (@vm_id, @log_id, @inode, @kept_from, @known_size, @runs_json, @times_json)
     ON CONFLICT (vm_id) DO UPDATE SET log_id = excluded.log_id, inode = excluded.inode, kept_from = excluded.kept_from,
       known_size = excluded.known_size, runs_json = excluded.runs_json, times_json = excluded.times_json`,
  );
  const remove = db.prepare<[string]>('DELETE FROM mvirt_consoles WHERE vm_id = ?');
  return {
    get(vmId) {
      const row = select.get(vmId);
      if (row === undefined) return null;
      return {
        vmId: asVmId(row.vm_id),
        logId: row.log_id,
        inode: row.inode,
        keptFrom: row.kept_from,
        knownSize: row.known_size,
        runs: readJson(row.runs_json, runsSchema, []),
        times: readJson(row.times_json, timesSchema, []),
      };
    },
    put(log) {
      upsert.run({
        vm_id: log.vmId,
        log_id: log.logId,
        inode: log.inode,
        kept_from: log.keptFrom,
        known_size: log.knownSize,
        runs_json: JSON.stringify(log.runs),
        times_json: JSON.stringify(log.times),
      });
    },
    remove(vmId) {
      remove.run(vmId);
    },
  };
}
