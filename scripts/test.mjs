// npm test, and npm run test:long.
import { become, bun, ensureBun, root } from './lib/bun.mjs';
import { ensurePackages, testPackages } from './lib/packages.mjs';

const log = (line) => console.error(`mvirt: ${line}`);
await ensurePackages(testPackages, log);
ensureBun(log);
become([bun, `${root}/scripts/test/main.ts`, ...process.argv.slice(2)]);
