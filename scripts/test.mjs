// npm test, and npm run test:long.
import { become, bun, ensureBun, root } from './lib/bun.mjs';
import { ensurePackages, longTestPackages, testPackages } from './lib/packages.mjs';

const log = (line) => console.error(`mvirt: ${line}`);
await ensurePackages(process.argv.includes('--long') ? longTestPackages : testPackages, log);
ensureBun(log);
become([bun, `${root}/scripts/test/main.ts`, ...process.argv.slice(2)]);
