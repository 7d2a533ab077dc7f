import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createGuard } from './failure.ts';
import { openDatabase } from './native.ts';
import { databaseFile } from './store.ts';

/** What a look at a database tells: its VMs, which of them have a run that is not settled, and rows of VMs that are gone, and the names of its images. */
export type StoreGlance = { vms: { id: string; live: boolean }[]; strayRows: number; images: string[] };

/** Looks without changing anything, also while an agent uses it; null: there is none, or none of ours yet. @throws STORE_ERROR */
export function glanceAtStore(dataDir: string): StoreGlance | null {
  const path = join(dataDir, databaseFile);
  if (!existsSync(path)) return null;
  return createGuard(path)(() => {
    const db = openDatabase(path, { readonly: true, timeout: 1000 });
    try {
      const tables = new Set(
        db
          .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
          .all()
          .map(({ name }) => name),
      );
      if (!tables.has('vms') || !tables.has('mvirt_vms')) return null;
      const vms = db
        .prepare<[], { id: string; live: number | null }>(
          "SELECT v.id, coalesce(json_extract(m.run_json, '$.live'), v.state <> 'stopped') AS live FROM vms v LEFT JOIN mvirt_vms m ON m.vm_id = v.id WHERE v.id IS NOT NULL",
        )
        .all();
      const stray = ['mvirt_vms', 'mvirt_consoles', 'mvirt_host_keys', 'vm_runtime'].filter((table) => tables.has(table));
      const count = (table: string) =>
        db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table} WHERE NOT EXISTS (SELECT 1 FROM vms WHERE vms.id = ${table}.vm_id)`).get()?.n ?? 0;
      const images = tables.has('mvirt_images') ? db.prepare<[], { name: string }>('SELECT name FROM mvirt_images').all() : [];
      return {
        vms: vms.map(({ id, live }) => ({ id, live: live === 1 })),
        strayRows: stray.reduce((sum, table) => sum + count(table), 0),
        images: images.map(({ name }) => name),
      };
    } finally {
      db.close();
    }
  });
}
