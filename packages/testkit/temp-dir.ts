import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TempDir = Disposable & {
  /** Absolute, without symbolic links. */
  readonly path: string;
  /** Absolute path of something in it. */
  join(...parts: string[]): string;
};

/** An empty directory of the test's own (mode 0700), removed with everything in it when disposed: `using dir = tempDir()`. */
export function tempDir(label = 'test', root = tmpdir()): TempDir {
  const path = realpathSync(mkdtempSync(join(root, `mvirt-${label}-`)));
  return ownedDir(path, path);
}

/** The same in memory, where that can be had: for what writes a lot and is not asked whether it lasts. */
export const memoryDir = (label = 'test'): TempDir => tempDir(label, existsSync('/dev/shm') ? '/dev/shm' : tmpdir());

/** The same with a path of exactly `length` characters: longer than the 107 bytes that a socket's address holds. */
export function deepTempDir(length = 150, label = 'deep'): TempDir {
  const root = realpathSync(mkdtempSync(join(tmpdir(), `mvirt-${label}-`)));
  const path = root + fillers(length - root.length);
  mkdirSync(path, { recursive: true });
  return ownedDir(root, path);
}

/** Path components that together are `length` characters long, slashes counted. */
function fillers(length: number): string {
  if (length < 2) throw new Error('a deep directory must be longer than the temp directory itself');
  if (length <= 60) return `/${'d'.repeat(length - 1)}`;
  return `/${'d'.repeat(39)}${fillers(length - 40)}`;
}

function ownedDir(root: string, path: string): TempDir {
  return {
    path,
    join: (...parts) => join(path, ...parts),
    [Symbol.dispose]() {
      rmSync(root, { recursive: true, force: true });
      if (existsSync(root)) throw new Error(`${root} could not be removed`);
    },
  };
}
