import { constants, ftruncateSync } from 'node:fs';
import { type Clock, toMvirtError } from '@mvirt/domain';
import { type HostFiles, openPlain } from '@mvirt/host';
import type { EngineLog } from './log.ts';

/** Keeps the logs that other programs append to within their bound, for as long as the agent lives. */
export interface LogBounds {
  /** Looks at once, and then again and again. */
  begin(): void;
  end(): void;
}

export type LogBoundsDeps = {
  files: Pick<HostFiles, 'punchHole'>;
  clock: Clock;
  log: Pick<EngineLog, 'warn'>;
  /** Asked at each look, the first time for all, then for those that somebody may write to. One that is not there is none. */
  logs: (which: 'all' | 'live') => BoundLog[];
};

/** maxBytes: what it may take on the disk; half of it is kept. What is written between two looks comes on top. */
export type BoundLog = { path: string; maxBytes: number };

const lookMs = 5_000;
/** After a look that found a log over its bound: somebody writes and writes. */
const busyMs = 100;
/** st_blocks counts units of 512 bytes (stat(2)). */
const unitBytes = 512;

/** The oldest part is freed by a hole, which keeps every offset; where the filesystem refuses holes the log is emptied. */
export function createLogBounds({ files, clock, log, logs }: LogBoundsDeps): LogBounds {
  let timer: Disposable | null = null;

  const cut = ({ path, maxBytes }: BoundLog): boolean => {
    const taken = sizeOf(path);
    if (taken === null || taken.bytes <= maxBytes) return false;
    const below = taken.size - maxBytes / 2;
    if (files.punchHole(path, below - (below % taken.blockBytes)) === 'refused') empty(path);
    return true;
  };
  const tryToCut = (one: BoundLog): boolean => {
    try {
      return cut(one);
    } catch (thrown) {
      log.warn(`${one.path} could not be cut back; trying again`, { error: toMvirtError(thrown).message });
      return false;
    }
  };
  /** null: that could not be told. */
  const tryToList = (which: 'all' | 'live'): BoundLog[] | null => {
    try {
      return logs(which);
    } catch (thrown) {
      log.warn('which logs there are could not be read; trying again', { error: toMvirtError(thrown).message });
      return null;
    }
  };
  const look = (which: 'all' | 'live'): void => {
    const found = tryToList(which);
    const busy = found?.map(tryToCut).includes(true) ?? false;
    timer = clock.after(busy ? busyMs : lookMs, () => look(found === null ? which : 'live'));
  };
  return {
    begin: () => look('all'),
    end() {
      timer?.[Symbol.dispose]();
      timer = null;
    },
  };
}

/** bytes: what it takes on the disk. */
function sizeOf(path: string): { size: number; bytes: number; blockBytes: number } | null {
  try {
    using file = openPlain(path);
    const { size, blocks, blksize } = file.state;
    return { size, bytes: blocks * unitBytes, blockBytes: blksize };
  } catch {
    return null; // none yet, or no plain file: nothing grows there
  }
}

/** Its writers append: they go on at its beginning. */
function empty(path: string): void {
  using file = openPlain(path, constants.O_WRONLY);
  ftruncateSync(file.fd, 0);
}
