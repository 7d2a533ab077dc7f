import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import { readText } from '../../cli/files.ts';

export type FolderEntry = { name: string; kind: 'folder' | 'file'; sizeBytes: number };

/** The files of whoever sits at this terminal: user data and public keys are read here, as the command line does. */
export type OwnFiles = {
  /** Absolute; `~/` is the home folder, and all else relative to where the UI was started. */
  path: (text: string) => string;
  /** @throws FILE_NOT_FOUND */
  read: (path: string) => Promise<string>;
  /** @throws FILE_NOT_FOUND */
  list: (folder: string) => Promise<FolderEntry[]>;
};

export function createOwnFiles(cwd: string): OwnFiles {
  return {
    path: (text) => (text === '~' || text.startsWith('~/') ? join(homedir(), text.slice(1)) : resolve(cwd, text)),
    read: (path) => readText(path, cwd, 'file'),
    async list(folder) {
      const names = await readdir(folder).catch((cause: unknown) => {
        throw new MvirtError({ code: 'FILE_NOT_FOUND', message: `${folder} cannot be read`, hint: 'check the path and its permissions', cause });
      });
      const entries = await Promise.all(names.sort().map((name) => entryOf(folder, name)));
      return entries.flat().sort((a, b) => (a.kind === b.kind ? 0 : a.kind === 'folder' ? -1 : 1));
    },
  };
}

async function entryOf(folder: string, name: string): Promise<FolderEntry[]> {
  try {
    const found = await stat(join(folder, name));
    if (found.isDirectory()) return [{ name, kind: 'folder', sizeBytes: 0 }];
    return found.isFile() ? [{ name, kind: 'file', sizeBytes: found.size }] : [];
  } catch {
    return []; // a link to nowhere, or gone meanwhile
  }
}
