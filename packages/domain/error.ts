import { type ErrorCode, errorTable } from './error-table.ts';

export type MvirtErrorFields = {
  code: ErrorCode;
  /** What failed, naming the VM, the field or the path; no trailing full stop. */
  message: string;
  /** A command to run or a fix; the code's own hint where none is given. */
  hint?: string;
  cause?: unknown;
};

/** The one error of mvirt: a code of a closed union, a message, a hint. Wrapped once, where knowledge is added. */
export class MvirtError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;

  constructor(fields: MvirtErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.name = 'MvirtError';
    this.code = fields.code;
    this.hint = fields.hint ?? errorTable[fields.code].hint;
  }
}

/** Whatever was thrown, as an MvirtError: itself, DISK_FULL where the kernel had no room, or INTERNAL around it. */
export function toMvirtError(thrown: unknown): MvirtError {
  if (thrown instanceof MvirtError) return thrown;
  if (isNoRoom(thrown)) return noRoom(thrown.path ?? null, thrown.message, thrown);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new MvirtError({ code: 'INTERNAL', message, cause: thrown });
}

/** ENOSPC: the filesystem is full; EDQUOT: its user's share of it is. */
export function isNoRoom(thrown: unknown): thrown is Error & { code: string; path?: string } {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT');
}

/** path: what is on the filesystem that is full, where that is known. */
export function noRoom(path: string | null, message: string, cause?: unknown): MvirtError {
  const hint = path === null ? null : `make room on its filesystem, which this shows: df -h ${path}`;
  return new MvirtError({ code: 'DISK_FULL', message, cause, ...(hint === null ? {} : { hint }) });
}
