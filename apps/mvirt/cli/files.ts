import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { MvirtError } from '@mvirt/domain/error';

/** A text file of the caller's; - is standard input. @throws FILE_NOT_FOUND */
export async function readText(path: string, cwd: string, option: string): Promise<string> {
  return path === '-' ? await Bun.stdin.text() : (await readBytes(path, cwd, option)).toString('utf8');
}

/** A file of the caller's. @throws FILE_NOT_FOUND */
export async function readBytes(path: string, cwd: string, option: string): Promise<Buffer> {
  try {
    return await readFile(resolve(cwd, path));
  } catch (cause) {
    throw new MvirtError({
      code: 'FILE_NOT_FOUND',
      message: `${option}: ${path} cannot be read: ${reason(cause)}`,
      hint: 'check the path and its permissions',
      cause,
    });
  }
}

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message.replace(/^(E[A-Z]+): /, '$1 ') : String(cause));
