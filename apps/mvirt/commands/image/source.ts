import { open, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { MvirtError } from '@mvirt/domain/error';
import type { Io } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { downloadSource } from './download.ts';

/** Where a source's bytes begin now. offset 0: from its beginning, whatever was asked for. totalBytes null: it does not say. */
export type Opened = { offset: number; validator: string | null; totalBytes: number | null; pieces: AsyncIterable<Uint8Array> };

/** Where an import's bytes come from; whoever runs the command reads them. */
export type Source = {
  /** For people; null: standard input. */
  shown: string | null;
  /** What it is known again by; null: it cannot be asked for the rest of its bytes. */
  resumeKey: string | null;
  /** @throws FILE_NOT_FOUND, DENIED, DOWNLOAD_FAILED */
  open(from: { offset: number; validator: string | null }, signal: AbortSignal): Promise<Opened>;
};

const readBytes = 1 << 20;

/** @throws INVALID_ARGUMENT, FILE_NOT_FOUND */
export async function sourceOf(text: string, { cwd, stdinIsTerminal }: Pick<Io, 'cwd' | 'stdinIsTerminal'>): Promise<Source> {
  if (text === '-' && stdinIsTerminal) throw usageError('-: standard input is a terminal: pipe the image into it');
  if (text === '-') return { shown: null, resumeKey: null, open: async () => fromTheStart(process.stdin, null) };
  if (/^https?:\/\//i.test(text)) return downloadSource(text);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw usageError(`${text}: only http and https URLs can be fetched`);
  const path = resolve(cwd, text);
  const found = await stat(path).catch((cause: unknown) => {
    throw unreadable(text, cause);
  });
  if (found.isDirectory()) throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `${text} is a folder`, hint: 'give the image itself' });
  const totalBytes = found.isFile() ? found.size : null;
  return { shown: basename(path), resumeKey: null, open: async () => fromTheStart(readable(path, text), totalBytes) };
}

const fromTheStart = (pieces: AsyncIterable<Uint8Array>, totalBytes: number | null): Opened => ({ offset: 0, validator: null, totalBytes, pieces });

async function* readable(path: string, text: string): AsyncGenerator<Uint8Array> {
  const tried = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (cause) {
      throw unreadable(text, cause);
    }
  };
  await using file = await tried(open(path, 'r'));
  for (;;) {
    const { buffer, bytesRead } = await tried(file.read(new Uint8Array(readBytes), 0, readBytes));
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

function unreadable(text: string, cause: unknown): MvirtError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : null;
  const why = code === 'ENOENT' ? 'it does not exist' : code === 'EACCES' ? 'permission denied' : cause instanceof Error ? cause.message : String(cause);
  return new MvirtError({
    code: code === 'EACCES' || code === 'EPERM' ? 'DENIED' : 'FILE_NOT_FOUND',
    message: `${text} cannot be read: ${why}`,
    hint: 'check the path and its permissions: the file is read by you, not by the agent',
    cause,
  });
}
