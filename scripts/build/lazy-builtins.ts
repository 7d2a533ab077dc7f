import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BunPlugin } from 'bun';

const late = { 'node:child_process': join(import.meta.dir, 'late/child-process.ts'), 'node:util': join(import.meta.dir, 'late/util.ts') };

/** What commander's files import and no command of ours uses. */
const imported: Record<string, readonly (keyof typeof late)[]> = { 'command.js': ['node:child_process', 'node:util'], 'help.js': ['node:util'] };

/**
 * Lets commander load Node's modules when it uses them: at its import they take 2.5 of the 20 ms that a command runs. Bun shows built-in modules to no
 * plugin's `onResolve`, so commander's own files are changed. @throws Error where they are no longer as they were
 */
export const lazyBuiltins: BunPlugin = {
  name: 'lazy built-in modules',
  setup(build) {
    build.onLoad({ filter: /\/commander\/lib\/(command|help)\.js$/ }, ({ path }) => {
      const names = imported[basename(path)] ?? [];
      const contents = names.reduce(
        (text, name) => {
          const [from, own] = [`from '${name}'`, `from '${late[name]}'`];
          if (!text.includes(from)) throw new Error(`${path} does not import ${name} as it did`);
          return text.replace(from, own);
        },
        readFileSync(path, 'utf8'),
      );
      return { contents, loader: 'js' };
    });
  },
};
