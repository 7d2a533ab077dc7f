import { posix } from 'node:path';
import { toMvirtError } from '@mvirt/domain';
import { batch, createMemo, createSignal, onCleanup } from 'solid-js';
import type { FolderEntry } from '../forms/own-files.ts';
import type { Direction, Step } from '../keymap/actions.ts';

export type PickerStore = ReturnType<typeof createPickerStore>;

export type PickerRow = FolderEntry | { name: '..'; kind: 'parent'; sizeBytes: 0 };

/** Walks through folders to a file. An answer for a folder that was left meanwhile is not heard. */
export function createPickerStore(deps: {
  title: string;
  /** In place of the folder's path, for what lies in no folder. */
  heading?: string;
  /** Where it begins: the folder of this path, or this folder where it ends with a slash. */
  from: string;
  list: (folder: string) => Promise<readonly FolderEntry[]>;
  onPicked: (path: string) => void;
}) {
  const [folder, setFolder] = createSignal('/');
  const [entries, setEntries] = createSignal<readonly FolderEntry[] | null>(null);
  const [error, setError] = createSignal<string | null>(null);
  const [needle, setNeedle] = createSignal('');
  const [index, setIndex] = createSignal(0);
  const rows = createMemo<readonly PickerRow[]>(() => {
    const found = (entries() ?? []).filter(({ name }) => name.toLowerCase().includes(needle().toLowerCase()));
    return needle() === '' && folder() !== '/' ? [{ name: '..', kind: 'parent', sizeBytes: 0 }, ...found] : found;
  });
  let turn = 0;
  let seen = 10;
  onCleanup(() => {
    turn += 1;
  });

  /** under: the name that the cursor comes to. */
  async function open(path: string, under: string | null = null): Promise<void> {
    const mine = ++turn;
    batch(() => {
      setFolder(path);
      setEntries(null);
      setError(null);
      setNeedle('');
      setIndex(0);
    });
    try {
      const listed = await deps.list(path);
      if (mine !== turn) return;
      batch(() => {
        setEntries(listed);
        const at = rows().findIndex((row) => row.name === under);
        setIndex(at >= 0 ? at : Math.min(1, Math.max(0, rows().length - 1)));
      });
    } catch (thrown) {
      if (mine === turn) setError(toMvirtError(thrown).message);
    }
  }

  function up(): void {
    if (folder() !== '/') void open(posix.dirname(folder()), posix.basename(folder()));
  }

  function choose(row: PickerRow | undefined): void {
    if (row === undefined) return;
    if (row.kind === 'parent') up();
    else if (row.kind === 'folder') void open(posix.join(folder(), row.name));
    else deps.onPicked(posix.join(folder(), row.name));
  }

  function type(text: string): void {
    batch(() => {
      setNeedle(text);
      setIndex(0);
    });
  }

  if (!deps.from.startsWith('/')) void open('/');
  else if (deps.from.endsWith('/')) void open(posix.normalize(deps.from).replace(/(?<=.)\/$/, ''));
  else void open(posix.dirname(deps.from), posix.basename(deps.from));
  return {
    title: deps.title,
    heading: (): string => deps.heading ?? folder(),
    folder,
    /** null: asked for, and not there yet. */
    entries,
    error,
    rows,
    needle,
    index,
    type,
    up,
    /** The dialog tells how many rows it shows. */
    setSeen: (count: number): void => {
      seen = count;
    },
    move(by: Step, direction: Direction): void {
      const step = by === 'line' ? 1 : by === 'page' ? Math.max(1, seen - 1) : rows().length;
      setIndex((at) => Math.max(0, Math.min(rows().length - 1, at + direction * step)));
    },
    choose: (at = index()): void => choose(rows()[at]),
  };
}
