import { closeSync, openSync, writeSync } from 'node:fs';
import { patternBytes, seededRandom } from './console-pattern.ts';

/** A process that prints like a VMM: appends the pattern to a file in chunks of random sizes, with pauses in between. */
const [path = '', totalBytes = '0', seed = '1'] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const total = Number(totalBytes);
const log = openSync(path, 'a');
for (let offset = 0; offset < total; ) {
  const size = random(4) === 0 ? random(40_000) + 1 : random(200) + 1;
  const bytes = patternBytes(offset, Math.min(total, offset + size));
  writeSync(log, bytes);
  offset += bytes.length;
  if (random(2) === 0) await new Promise((resolve) => setTimeout(resolve, random(6)));
}
closeSync(log);
