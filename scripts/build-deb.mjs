// npm run build:deb: dist/mvirt_VERSION_ARCHITECTURE.deb, for the CPU that this runs on.
import { become, bun, ensureBun, root } from './lib/bun.mjs';
import { debPackages, ensurePackages } from './lib/packages.mjs';

const log = (line) => console.error(`mvirt: ${line}`);
await ensurePackages(debPackages, log);
ensureBun(log);
become([bun, `${root}/scripts/deb/main.ts`, ...process.argv.slice(2)]);
