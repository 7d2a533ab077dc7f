import { randomBytes } from 'node:crypto';
import type { VmId } from '@mvirt/domain';
import type { ConsoleLog } from '@mvirt/store';

/** A console.log as the kernel shows it. */
export type FileState = { inode: number; size: number; blockBytes: number };

const maxRuns = 64;
const maxTimes = 512;
/** An entry of the time index is worth its place after so many bytes, or so long. */
const sampleBytes = 64 * 1024;
const sampleMs = 10_000;

/** The record of a file that was not known before. */
export function newRecord(vmId: VmId, file: FileState, atMs: number): ConsoleLog {
  return {
    vmId,
    logId: randomBytes(6).toString('hex'),
    inode: file.inode,
    keptFrom: 0,
    knownSize: file.size,
    runs: [],
    times: [{ offset: 0, atMs }],
  };
}

/** Another file, or one that was cut: what is in it now is not what was in it before. */
export function isReplaced(record: ConsoleLog, file: FileState): boolean {
  return file.inode !== record.inode || file.size < record.knownSize;
}

/** The file has `size` bytes now; it was last seen to change at `seenAtMs`, when it had record.knownSize. */
export function withGrowth(record: ConsoleLog, size: number, seenAtMs: number): ConsoleLog {
  const last = record.times.at(-1) ?? { offset: 0, atMs: 0 };
  const due = size - last.offset >= sampleBytes || seenAtMs - last.atMs >= sampleMs;
  if (!due || record.knownSize === last.offset) return { ...record, knownSize: size };
  // Clocks jump: the index stays in order.
  const sample = { offset: record.knownSize, atMs: Math.max(seenAtMs, last.atMs) };
  return { ...record, knownSize: size, times: thinned([...record.times, sample]) };
}

export function withRun(record: ConsoleLog, runId: string, atMs: number): ConsoleLog {
  const offset = record.knownSize;
  return {
    ...record,
    runs: [...record.runs, { runId, offset, atMs }].slice(-maxRuns),
    times: thinned([...record.times, { offset, atMs: Math.max(atMs, record.times.at(-1)?.atMs ?? 0) }]),
  };
}

/** Nothing below `keptFrom` may be read any more. */
export function withKeptFrom(record: ConsoleLog, keptFrom: number): ConsoleLog {
  const from = (entries: { offset: number }[]) =>
    Math.max(
      0,
      entries.findLastIndex((entry) => entry.offset <= keptFrom),
    );
  return { ...record, keptFrom, runs: record.runs.slice(from(record.runs)), times: record.times.slice(from(record.times)) };
}

/** The log has not changed since `seenAtMs`: an entry for its end. */
export function withEnd(record: ConsoleLog, seenAtMs: number): ConsoleLog {
  const last = record.times.at(-1);
  if (last?.offset === record.knownSize) return record;
  return { ...record, times: thinned([...record.times, { offset: record.knownSize, atMs: Math.max(seenAtMs, last?.atMs ?? 0) }]) };
}

/** Where the log was at that time, at the latest: what was printed later lies above. It was last seen to change at `seenAtMs`. */
export function offsetAt(record: ConsoleLog, atMs: number, seenAtMs: number): number {
  if (atMs > seenAtMs) return record.knownSize;
  const offset = record.times.findLast((entry) => entry.atMs < atMs)?.offset ?? 0;
  return Math.max(record.keptFrom, offset);
}

/** The older half loses every second entry when there are too many. */
function thinned(times: ConsoleLog['times']): ConsoleLog['times'] {
  if (times.length <= maxTimes) return times;
  return times.filter((_, index) => index >= maxTimes / 2 || index % 2 === 0);
}
