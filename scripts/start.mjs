// npm start: everything that the main job needs, then scripts/start/main.ts does it.
import { become, bun, ensureBun, root } from './lib/bun.mjs';
import { ensurePackages, startPackages } from './lib/packages.mjs';

const log = (line) => console.error(`mvirt: ${line}`);
await ensurePackages(startPackages, log);
ensureBun(log);
become([bun, `${root}/scripts/start/main.ts`, ...process.argv.slice(2)]);
