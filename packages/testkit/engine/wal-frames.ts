import { readFileSync, writeFileSync } from 'node:fs';

const headerBytes = 32;
const frameHeaderBytes = 24;

/** The places of the frames that count in a write-ahead log: the file goes on behind them with those of earlier rounds (sqlite.org/fileformat2.html, 4). */
export function walFrames(path: string): { offset: number; bytes: number }[] {
  const log = readFileSync(path);
  if (log.length < headerBytes) return [];
  const bytes = frameHeaderBytes + log.readUInt32BE(8);
  const salts = log.subarray(16, 24);
  const frames: { offset: number; bytes: number }[] = [];
  for (let offset = headerBytes; offset + bytes <= log.length; offset += bytes) {
    if (!log.subarray(offset + 8, offset + 16).equals(salts)) break;
    frames.push({ offset, bytes });
  }
  return frames;
}

/** Overwrites all from an offset on to a frame's end with what no disk was asked to write. */
export function tearWal(path: string, offset: number, end: number): void {
  const log = readFileSync(path);
  log.fill(0xa5, offset, end);
  writeFileSync(path, log);
}
