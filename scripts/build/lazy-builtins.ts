import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BunPlugin } from 'bun';

/** What commander imports and no command of ours uses, by specifier. */
const late = { 'node:child_process': join(import.meta.dir, 'late/child-process.ts'), 'node:util': join(import.meta.dir, 'late/util.ts') };

/**
 * Lets commander load Node's modules when it uses them: at its import they take 2.5 of the 20 ms that a command runs. Bun shows built-in modules to no
 * plugin's `onResolve`, so commander's own files are changed. @throws Error where they are no longer as they were
 */
export const lazyBuiltins: BunPlugin = {
  name: 'lazy built-in modules',
  setup(build) {
    build.onLoad({ filter: /\/commander\/lib\/(command|help)\.js$/ }, ({ path }) => {
      const before = readFileSync(path, 'utf8');
      const contents = Object.entries(late).reduce((text, [name, own]) => text.replace(`from '${name}'`, `from '${own}'`), before);
      if (contents === before) throw new Error(`${path} imports none of ${Object.keys(late).join(', ')}`);
      return { contents, loader: 'js' };
    });
  },
};
