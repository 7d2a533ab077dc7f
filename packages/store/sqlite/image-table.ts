import { type DiskFormat, MvirtError } from '@mvirt/domain';
import type { ImageTable, StoredImage } from '../port.ts';
import { codeOf } from './failure.ts';
import type { Database } from './native.ts';

type ImageRow = {
  name: string;
  format: string;
  size_bytes: number;
  sha256: string;
  source: string | null;
  user: string | null;
  created_at_ms: number;
};

export function createImageTable(db: Database): ImageTable {
  const columns = 'name, format, size_bytes, sha256, source, user, created_at_ms';
  const all = db.prepare<[], ImageRow>(`SELECT ${columns} FROM mvirt_images ORDER BY name`);
  const one = db.prepare<[string], ImageRow>(`SELECT ${columns} FROM mvirt_images WHERE name = ?`);
  const insert = db.prepare<[ImageRow]>(`INSERT INTO mvirt_images (${columns}) VALUES (@name, @format, @size_bytes, @sha256, @source, @user, @created_at_ms)`);
  const remove = db.prepare<[string]>('DELETE FROM mvirt_images WHERE name = ?');
  return {
    list: () => all.all().map(decode),
    get(name) {
      const row = one.get(name);
      return row === undefined ? null : decode(row);
    },
    insert({ name, format, sizeBytes, sha256, source, user, createdAtMs }) {
      try {
        insert.run({ name, format, size_bytes: sizeBytes, sha256, source, user, created_at_ms: createdAtMs });
      } catch (thrown) {
        if (codeOf(thrown) !== 'SQLITE_CONSTRAINT_PRIMARYKEY') throw thrown;
        throw new MvirtError({
          code: 'NAME_TAKEN',
          message: `an image with the name ${name} exists already`,
          hint: `mvirt image show ${name} shows it`,
          cause: thrown,
        });
      }
    },
    remove(name) {
      remove.run(name);
    },
  };
}

const decode = (row: ImageRow): StoredImage => ({
  name: row.name,
  format: formatOf(row.format),
  sizeBytes: row.size_bytes,
  sha256: row.sha256,
  source: row.source,
  user: row.user,
  createdAtMs: row.created_at_ms,
});

/** What else there may be in a damaged row is taken for raw: of that nothing is ever believed. */
const formatOf = (text: string): DiskFormat => (text === 'qcow2' ? 'qcow2' : 'raw');
