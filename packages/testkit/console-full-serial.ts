import { rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSerialSocket } from './cloud-hypervisor/serial-socket.ts';
import { createConsoleBench, vmmWith } from './console-bench.ts';
import { patternBytes } from './console-pattern.ts';
import { waitFor } from './wait-for.ts';

/** Run in a mount namespace where the run directory is a small tmpfs: what a VMM's own serial socket gives waits for room. */
const [dataDir = ''] = process.argv.slice(2);
using bench = createConsoleBench(dataDir, { sweepMs: 10 });
const filler = join(bench.runDir(), 'filler');
writeFileSync(filler, Buffer.alloc(128 * 1024));
const path = join(bench.runDir(), 'serial.sock');
const serial = await openSerialSocket(path, () => {});
bench.hub().runStarting(bench.id, { runId: 'first', runDir: bench.runDir() });
bench.hub().runStarted(bench.id, { ...vmmWith(() => Promise.reject(new Error('no line'))), serialSocket: path });
const printed = Buffer.from(patternBytes(0, 200_000)).toString('latin1');
serial.print(printed);
const size = (): number => statSync(bench.logPath()).size;
let before = -1;
await waitFor('the disk to be full', async () => {
  const full = size() > 0 && size() === before;
  before = size();
  await new Promise((resolve) => setTimeout(resolve, 50));
  return full;
});
const whileFull = size();
rmSync(filler);
const viewer = bench.view({ kind: 'all' });
await viewer.until('all of it', ({ text }) => text().length === printed.length);
const exact = viewer.text() === printed;
await viewer.stop();
serial.close();
bench.hub().runEnded(bench.id);
process.stdout.write(JSON.stringify({ whileFull, exact }));
