import type { NoteTable } from '../port.ts';
import type { Database } from './native.ts';

export function createNoteTable(db: Database): NoteTable {
  const select = db.prepare<[string], { value: string }>('SELECT value FROM mvirt_notes WHERE name = ?');
  const upsert = db.prepare<[string, string]>('INSERT INTO mvirt_notes (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value');
  return {
    get: (name) => select.get(name)?.value ?? null,
    put: (name, value) => void upsert.run(name, value),
  };
}
