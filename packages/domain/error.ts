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

/** Whatever was thrown, as an MvirtError: itself, or INTERNAL around it. */
export function toMvirtError(thrown: unknown): MvirtError {
  if (thrown instanceof MvirtError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new MvirtError({ code: 'INTERNAL', message, cause: thrown });
}
