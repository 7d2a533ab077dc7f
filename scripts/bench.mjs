// npm run bench: the figures of docs/benchmarks.md.
import { become, bun, ensureBun, root } from './lib/bun.mjs';
import { benchPackages, ensurePackages } from './lib/packages.mjs';

const log = (line) => console.error(`mvirt: ${line}`);
await ensurePackages(benchPackages, log);
ensureBun(log);
become([bun, `${root}/bench/main.ts`, ...process.argv.slice(2)]);
