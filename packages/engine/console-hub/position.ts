import { MvirtError } from '@mvirt/domain';

/** A place in a VM's console: a byte of one log. */
export type Position = { logId: string; offset: number };

/** The log of a VM that has none yet: what is printed first follows it. */
export const nowhere: Position = { logId: 'none', offset: 0 };

export const toCursor = ({ logId, offset }: Position): string => `${logId}:${offset}`;

/** @throws INVALID_ARGUMENT */
export function parseCursor(cursor: string): Position {
  const [, logId, offset] = /^([0-9a-z]{1,32}):(\d{1,15})$/.exec(cursor) ?? [];
  if (logId === undefined || offset === undefined) {
    throw new MvirtError({
      code: 'INVALID_ARGUMENT',
      message: `${JSON.stringify(cursor)} is no console cursor`,
      hint: 'a cursor is <log id>:<offset>, as the console gave it',
    });
  }
  return { logId, offset: Number(offset) };
}
