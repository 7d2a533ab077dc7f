// npm run check: types, format and lint, arrows.
import { become, ensureBun, root } from './lib/bun.mjs';

ensureBun((line) => console.error(`mvirt: ${line}`));
become([`${root}/node_modules/.bin/turbo`, 'run', 'check:types', 'check:lint', 'check:arrows', '--output-logs=new-only', '--log-order=grouped']);
