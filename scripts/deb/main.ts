// npm run build:deb: see ../build-deb.mjs.
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildInfo } from '@mvirt/domain';
import { buildExecutable } from '../build/executable.ts';
import { originOf } from '../build/origin.ts';
import { buildDeb } from './build-deb.ts';
import { debianArchitecture } from './control.ts';

const root = join(import.meta.dir, '../..');
const { version } = buildInfo;
const architecture = debianArchitecture(process.arch);
const origin = originOf(root, process.env);
const executable = join(root, 'dist/mvirt');
const name = `mvirt_${version}_${architecture}.deb`;
mkdirSync(join(root, 'dist'), { recursive: true });
await buildExecutable(executable, origin);
buildDeb({ executable, outfile: join(root, 'dist', name), version, architecture, seconds: origin.seconds });
console.log(
  `dist/${name}: ${(statSync(join(root, 'dist', name)).size / 1e6).toFixed(1)} MB, commit ${origin.commit ?? 'unknown'} of ${origin.date ?? 'an unknown date'}`,
);
