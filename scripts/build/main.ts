// npm run build: see ../build.mjs.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildExecutable } from './executable.ts';
import { originOf } from './origin.ts';

const root = join(import.meta.dir, '../..');
const outfile = join(root, 'dist/mvirt');
const origin = originOf(root, process.env);
mkdirSync(join(root, 'dist'), { recursive: true });
await buildExecutable(outfile, origin);
const megabytes = (statSync(outfile).size / 1e6).toFixed(1);
console.log(`dist/mvirt: ${megabytes} MB, ${process.arch}, commit ${origin.commit ?? 'unknown'} of ${origin.date ?? 'an unknown date'}`);
