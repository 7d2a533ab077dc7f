import { z } from 'zod';
import type { HostKeyTable } from '../port.ts';
import { readJson } from './json-column.ts';
import type { Database } from './native.ts';

type HostKeyRow = { keys_json: string; cursor: string; at_ms: number };

const keysSchema = z.array(z.object({ type: z.string(), key: z.string() }));

export function createHostKeyTable(db: Database): HostKeyTable {
  const select = db.prepare<[string], HostKeyRow>('SELECT keys_json, cursor, at_ms FROM mvirt_host_keys WHERE vm_id = ?');
  const upsert = db.prepare<[string, string, string, number]>(
    `INSERT INTO mvirt_host_keys (vm_id, keys_json, cursor, at_ms) VALUES (?, ?, ?, ?)
     ON CONFLICT (vm_id) DO UPDATE SET keys_json = excluded.keys_json, cursor = excluded.cursor, at_ms = excluded.at_ms`,
  );
  const remove = db.prepare<[string]>('DELETE FROM mvirt_host_keys WHERE vm_id = ?');
  return {
    get(vmId) {
      const row = select.get(vmId);
      if (row === undefined) return null;
      return { keys: readJson(row.keys_json, keysSchema, []), cursor: row.cursor, atMs: row.at_ms };
    },
    put: (vmId, { keys, cursor, atMs }) => void upsert.run(vmId, JSON.stringify(keys), cursor, atMs),
    remove: (vmId) => void remove.run(vmId),
  };
}
