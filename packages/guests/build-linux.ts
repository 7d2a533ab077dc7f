import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { toMvirtError } from '@mvirt/domain';
import { buildLinuxGuest } from './linux/build-linux-guest.ts';
import { runProgram } from './linux/run-program.ts';

/** `bun packages/guests/build-linux.ts --cache DIR`: prints the guest as JSON on stdout, what it does on stderr. */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { cache: { type: 'string' } } });
  if (values.cache === undefined) {
    console.error('usage: bun packages/guests/build-linux.ts --cache DIR');
    return 2;
  }
  const cancel = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => cancel.abort(new Error(name)));
  try {
    const guest = await buildLinuxGuest({ cacheDir: resolve(values.cache), run: runProgram, log: (line) => console.error(line), signal: cancel.signal });
    console.log(JSON.stringify(guest));
    return 0;
  } catch (thrown) {
    const error = toMvirtError(thrown);
    console.error(`error: ${error.message}\nhint: ${error.hint}`);
    return 1;
  }
}

if (import.meta.main) process.exitCode = await main();
