/// <reference path="./elf.d.ts" />
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import embedded from './tiny/tiny.elf' with { type: 'file' };

/** Where a compiled Bun executable keeps its files: no other process can read there (https://bun.sh/docs/bundler/executables). */
const virtualFiles = '/$bunfs/';

/**
 * The bare-metal guest (tiny/tiny.c), an ELF that boots by PVH: an absolute path that a VMM can read.
 * Inside the compiled executable it is copied into `folder` once, made where missing. @throws INVALID_ARGUMENT where one is needed.
 */
export function tinyGuestPath(folder?: string): string {
  if (isAbsolute(embedded) && !embedded.startsWith(virtualFiles)) return embedded;
  if (folder === undefined) {
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: 'the bare-metal guest lies inside the executable', hint: 'name a folder to copy it to' });
  }
  return copyOut(readFileSync(embedded), folder);
}

/** Writes the guest under a name made from its content, by rename: a reader never sees half of it. */
export function copyOut(elf: Uint8Array, folder: string): string {
  const target = join(folder, `tiny-${createHash('sha256').update(elf).digest('hex').slice(0, 12)}.elf`);
  if (sameContent(target, elf)) return target;
  const part = `${target}.${randomUUID()}.part`;
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(part, elf, { mode: 0o644, flag: 'wx' });
    renameSync(part, target);
  } catch (cause) {
    if (existsSync(part)) rmSync(part);
    throw new MvirtError({
      code: 'INTERNAL',
      message: `the bare-metal guest cannot be written to ${folder}`,
      hint: 'check that the folder is writable',
      cause,
    });
  }
  return target;
}

function sameContent(path: string, bytes: Uint8Array): boolean {
  try {
    return readFileSync(path).equals(bytes);
  } catch {
    // Missing or unreadable: it is written anew.
    return false;
  }
}
