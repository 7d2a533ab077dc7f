import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Store } from '@mvirt/store';

/** What a power failure would leave after one write, and what the store said then. */
export type Cut = { name: string; dir: string; content: string };

/** Copies the database at every write that is acknowledged, as a disk without power would keep it. */
export type PowerCuts = {
  store(real: Store): Store;
  /** Cuts from now on, numbered in folders of this one. */
  begin(folder: string): void;
  end(): Cut[];
};

const files = ['mvirt.db', 'mvirt.db-wal'];
const writers: Record<string, string[]> = {
  vms: ['insert', 'update', 'remove'],
  events: ['append', 'prune'],
  consoles: ['put', 'remove'],
  notes: ['put'],
  networks: ['insert', 'remove'],
  images: ['insert', 'update', 'put', 'remove'],
};

/** All that a store keeps, as text to be compared. */
export const contentOf = (store: Store): string => {
  const vms = store.vms.list();
  const consoles = vms.map(({ id }) => store.consoles.get(id));
  return JSON.stringify({ vms, consoles, events: store.events.last({ limit: 10_000 }), last: store.events.lastSeq(), networks: store.networks.list() });
};

/** dataDir: of the store. The shared memory (-shm) lies in RAM: no copy has it. */
export function createPowerCuts(dataDir: () => string): PowerCuts {
  let folder: string | null = null;
  let cuts: Cut[] = [];
  let depth = 0;

  const cut = (name: string, real: Store): void => {
    if (folder === null) return;
    const dir = join(folder, `${cuts.length}`);
    copyDatabase(dataDir(), dir);
    cuts.push({ name, dir, content: contentOf(real) });
  };

  return {
    store(real) {
      const outermost = <T>(name: string, work: () => T): T => {
        depth += 1;
        let result: T;
        try {
          result = work();
        } finally {
          depth -= 1;
        }
        if (depth === 0) cut(name, real);
        return result;
      };
      const wrapped = <T extends object>(table: T, name: string): T => {
        const members = Object.entries(table).map(([key, member]) =>
          typeof member === 'function' && writers[name]?.includes(key)
            ? [key, (...given: unknown[]) => outermost(`${name}.${key}`, () => member(...given))]
            : [key, member],
        );
        return Object.fromEntries(members) as T;
      };
      const tables = Object.entries(real).map(([name, member]) => [name, typeof member === 'object' ? wrapped(member, name) : member]);
      return { ...(Object.fromEntries(tables) as Store), transact: (work) => outermost('transact', () => real.transact(work)) };
    },
    begin(to) {
      folder = to;
      cuts = [];
    },
    end() {
      folder = null;
      return cuts;
    },
  };
}

export function copyDatabase(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const file of files) if (existsSync(join(from, file))) copyFileSync(join(from, file), join(to, file));
}
