import type { Clock } from '@mvirt/domain';
import type { ConsoleLogFile } from './console-log.ts';

export interface Retention {
  /** Brings the log back under its bound when it is over. Never throws. */
  enforce(): void;
}

export type RetentionDeps = { log: ConsoleLogFile; clock: Pick<Clock, 'nowMs'>; retentionBytes: number; warn: (message: string, error: unknown) => void };

/** After a failure (a full disk), so that a flood does not try at each look. */
const retryMs = 5000;

/** Keeps the last `retentionBytes` of a log: by a hole below them, or, where the filesystem refuses holes, by rotation. */
export function createRetention({ log, clock, retentionBytes, warn }: RetentionDeps): Retention {
  let holes = true;
  let rotating = false;
  let notBeforeMs = 0;

  const failed = (error: unknown) => {
    notBeforeMs = clock.nowMs() + retryMs;
    warn('its console log could not be cut back', error);
  };
  const rotate = () => {
    rotating = true;
    log
      .rotate(retentionBytes / 2)
      .catch(failed)
      .finally(() => {
        rotating = false;
      });
  };
  const punch = (size: number, keepBytes: number) => {
    const below = size - keepBytes;
    const offset = below - (below % log.blockBytes());
    if (log.dropBelow(offset) === 'done') return;
    holes = false;
    warn('its filesystem frees no part of a file: the console log is rotated instead', null);
    rotate();
  };
  return {
    enforce() {
      const record = log.record();
      const waitMs = notBeforeMs - clock.nowMs();
      // A clock that was set back does not make the wait longer.
      if (record === null || rotating || (waitMs > 0 && waitMs <= retryMs)) return;
      const keptBytes = record.knownSize - record.keptFrom;
      // Two halves where it rotates: the log, and what is kept beside it.
      if (keptBytes <= (holes ? retentionBytes : retentionBytes / 2)) return;
      try {
        // An eighth at a time: each cut is a durable write.
        if (holes) punch(record.knownSize, retentionBytes - retentionBytes / 8);
        else rotate();
      } catch (error) {
        failed(error);
      }
    },
  };
}
