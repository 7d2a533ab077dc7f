import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentApi } from '@mvirt/api/client';
import { maxImagePieceBytes } from '@mvirt/api/schema/image-piece';
import { MvirtError } from '@mvirt/domain/error';
import { isZero } from '@mvirt/domain/zero-bytes';
import type { Progress } from '../../output/progress.ts';
import type { Source } from './source.ts';

export type UploadDeps = {
  api: AgentApi;
  begun: { id: string; offset: number; validator: string | null };
  source: Source;
  progress: Progress;
  signal: AbortSignal;
};

/** A source that is slow keeps its import alive by a word now and then. */
const aliveMs = 10_000;
/** A download that breaks off is gone on with, unless it brings nothing so many times. */
const maxBarren = 4;
const nothing = new Uint8Array();

/** Brings a source's bytes to the agent, what is there already left out. */
export async function upload({ api, begun: { id, ...begun }, source, progress, signal }: UploadDeps): Promise<void> {
  let at = begun.offset;
  let validator = begun.validator;
  const write = async (bytes: Uint8Array, zeros: number): Promise<void> => {
    at = await api.image.write.mutate({ id, offset: at, bytes, zeros }, { signal });
  };

  /** From where the agent is to the source's end. */
  const bring = async (): Promise<void> => {
    const opened = await source.open({ offset: at, validator }, signal);
    await api.image.follow.mutate({ id, offset: opened.offset, validator: opened.validator }, { signal });
    at = opened.offset;
    validator = opened.validator;
    const pieces = grouped(opened.pieces)[Symbol.asyncIterator]();
    try {
      // The next piece is read while this one is sent.
      let reading = begin(pieces);
      for (;;) {
        while (!(await within(reading, aliveMs))) await write(nothing, 0);
        const { done, value } = await reading;
        if (done) return;
        reading = begin(pieces);
        await (isZero(value) ? write(nothing, value.byteLength) : write(value, 0));
        progress.moved(at, opened.totalBytes);
      }
    } finally {
      // It may be in the middle of a read that never ends: nobody waits for it.
      void pieces.return?.(undefined)?.catch(() => {});
    }
  };

  for (let barren = 0; ; ) {
    const before = at;
    try {
      return await bring();
    } catch (thrown) {
      if (signal.aborted || !(thrown instanceof MvirtError) || thrown.code !== 'DOWNLOAD_FAILED') throw thrown;
      barren = at > before ? 0 : barren + 1;
      if (validator === null)
        throw new MvirtError({ code: thrown.code, message: thrown.message, hint: 'try again: this server cannot go on from the middle', cause: thrown });
      if (barren >= maxBarren) throw thrown;
      progress.say(`broken off, going on: ${thrown.message}`);
      await sleep(barren * 1000, undefined, { signal });
    }
  }
}

/** Begun now; its failure is heard of when it is waited for. */
function begin(pieces: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  const reading = pieces.next();
  reading.catch(() => {});
  return reading;
}

/** False: not done by then. */
async function within(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  const late = new AbortController();
  try {
    const timer = sleep(timeoutMs, false, { signal: late.signal }).catch(() => false);
    return await Promise.race([
      work.then(
        () => true,
        () => true,
      ),
      timer,
    ]);
  } finally {
    late.abort();
  }
}

/** The same bytes in pieces as large as the agent takes them. */
async function* grouped(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let group = new Uint8Array(maxImagePieceBytes);
  let length = 0;
  let failure: { thrown: unknown } | null = null;
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.byteLength; ) {
        const part = piece.subarray(at, at + maxImagePieceBytes - length);
        group.set(part, length);
        length += part.byteLength;
        at += part.byteLength;
        if (length < maxImagePieceBytes) continue;
        yield group;
        group = new Uint8Array(maxImagePieceBytes);
        length = 0;
      }
    }
  } catch (thrown) {
    // What came before it broke off is not fetched again.
    failure = { thrown };
  }
  if (length > 0) yield group.subarray(0, length);
  if (failure !== null) throw failure.thrown;
}
