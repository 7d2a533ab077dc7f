// npm run build: dist/mvirt, one file that needs neither Bun nor Node nor this folder.
import { become, bun, ensureBun, root } from './lib/bun.mjs';

ensureBun((line) => console.error(`mvirt: ${line}`));
become([bun, `${root}/scripts/build/main.ts`, ...process.argv.slice(2)]);
