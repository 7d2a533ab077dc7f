import { Database } from 'bun:sqlite';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** The database as an agent that has just died left it: looked at in a copy, so that its successor finds it as it was. @throws Error with what is wrong */
export function checkDatabase(dataDir: string, copy: string): void {
  if (!existsSync(join(dataDir, 'mvirt.db'))) return;
  mkdirSync(copy);
  for (const file of ['mvirt.db', 'mvirt.db-wal']) if (existsSync(join(dataDir, file))) copyFileSync(join(dataDir, file), join(copy, file));
  const database = new Database(join(copy, 'mvirt.db'));
  try {
    for (const look of ['integrity_check', 'foreign_key_check']) {
      const found = database.query(`PRAGMA ${look}`).values().flat().join('; ');
      if (!['ok', ''].includes(found)) throw new Error(`${look} of the database: ${found}`);
    }
  } finally {
    database.close();
  }
  rmSync(copy, { recursive: true });
}
