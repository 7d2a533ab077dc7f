// npm run mvirt -- ARGS: the command line from the sources.
import { become, bun, ensureBun, root } from './lib/bun.mjs';

ensureBun((line) => console.error(`mvirt: ${line}`));
become([bun, `${root}/apps/mvirt/main.ts`, ...process.argv.slice(2)], { cwd: process.env.INIT_CWD ?? process.cwd() });
