import { MvirtError } from '@mvirt/domain';
import type { NetworkTable, StoredNetwork } from '../port.ts';
import { codeOf } from './failure.ts';
import type { Database } from './native.ts';

type NetworkRow = { name: string; ipv4: string | null; ipv6: string | null; spoof_guard: number; created_at_ms: number };

export function createNetworkTable(db: Database): NetworkTable {
  const columns = 'name, ipv4, ipv6, spoof_guard, created_at_ms';
  const all = db.prepare<[], NetworkRow>(`SELECT ${columns} FROM mvirt_networks ORDER BY name`);
  const one = db.prepare<[string], NetworkRow>(`SELECT ${columns} FROM mvirt_networks WHERE name = ?`);
  const insert = db.prepare<[NetworkRow]>(`INSERT INTO mvirt_networks (${columns}) VALUES (@name, @ipv4, @ipv6, @spoof_guard, @created_at_ms)`);
  const remove = db.prepare<[string]>('DELETE FROM mvirt_networks WHERE name = ?');
  return {
    list: () => all.all().map(decode),
    get(name) {
      const row = one.get(name);
      return row === undefined ? null : decode(row);
    },
    insert({ name, ipv4, ipv6, spoofGuard, createdAtMs }) {
      try {
        insert.run({ name, ipv4, ipv6, spoof_guard: spoofGuard ? 1 : 0, created_at_ms: createdAtMs });
      } catch (thrown) {
        if (codeOf(thrown) !== 'SQLITE_CONSTRAINT_PRIMARYKEY') throw thrown;
        const hint = `mvirt network show ${name} shows it`;
        throw new MvirtError({ code: 'NAME_TAKEN', message: `a network with the name ${name} exists already`, hint, cause: thrown });
      }
    },
    remove(name) {
      remove.run(name);
    },
  };
}

const decode = (row: NetworkRow): StoredNetwork => ({
  name: row.name,
  ipv4: row.ipv4,
  ipv6: row.ipv6,
  spoofGuard: row.spoof_guard !== 0,
  createdAtMs: row.created_at_ms,
});
