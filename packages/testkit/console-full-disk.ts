import { openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createLinuxHost } from '@mvirt/host/linux';
import { createConsoleBench } from './console-bench.ts';
import { patternBytes } from './console-pattern.ts';
import { waitFor } from './wait-for.ts';

/** Run in a mount namespace where the run directory is a small tmpfs: a guest that prints onto a full disk; says what was seen. */
const [dataDir = ''] = process.argv.slice(2);
const host = createLinuxHost();
const checks = { count: 0 };
const freeBytes = (directory: string) => {
  checks.count += 1;
  return host.files.freeBytes(directory);
};
using bench = createConsoleBench(dataDir, { sweepMs: 10, host: { ...host, files: { ...host.files, freeBytes } } });
const filler = join(bench.runDir(), 'filler');
writeFileSync(filler, Buffer.alloc(64 * 1024));
bench.run('first');
const log = openSync(bench.logPath(), 'a');

/** As a VMM does: what does not fit is dropped. */
function printOrDrop(bytes: Uint8Array): number {
  try {
    return writeSync(log, bytes);
  } catch {
    // The disk is full: dropped.
    return 0;
  }
}

let fitted = 0;
for (let offset = 0; ; ) {
  const wrote = printOrDrop(patternBytes(offset, offset + 10_000));
  fitted += wrote;
  offset += 10_000;
  if (wrote < 10_000) break;
}
const viewer = bench.view({ kind: 'all' });
await viewer.until('what fitted', ({ text }) => text().length === fitted);
const before = checks.count;
const fullAtMs = Date.now();
await waitFor('two checks', () => checks.count >= before + 2);
const droppedWhileFull = printOrDrop(patternBytes(0, 100));
rmSync(filler);
const tail = 'after the gap\n';
printOrDrop(Buffer.from(tail));
const event = await waitFor('the event', () => bench.events.read({ since: null, limit: 10 }).find(({ type }) => type === 'console-gap'));
await viewer.until('what came after', ({ text }) => text().endsWith(tail));
await viewer.stop();
bench.hub().runEnded(bench.id);
process.stdout.write(
  JSON.stringify({ fitted, droppedWhileFull, size: statSync(bench.logPath()).size - tail.length, detail: event.detail, fullAtMs, text: event.message }),
);
