import { renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BuildInfo } from '@mvirt/domain';
import { createSolidTransformPlugin } from '@opentui/solid/bun-plugin';
import { lazyBuiltins } from './lazy-builtins.ts';

const root = join(import.meta.dir, '../..');

/**
 * Agent, command line and UI as one file at `outfile`, for the CPU that this runs on. Split, so that a command loads its own part alone, and compiled
 * to bytecode. A file that is there is replaced whole, also while it runs. @throws Error with what the bundler says
 */
export async function buildExecutable(outfile: string, { commit, date }: Pick<BuildInfo, 'commit' | 'date'>): Promise<void> {
  const target = resolve(outfile);
  const part = `${target}.part`;
  const before = process.cwd();
  // Bun names the parts after paths below the current folder, whatever its `root` says.
  process.chdir(root);
  try {
    const { success, logs } = await Bun.build({
      entrypoints: [join(root, 'apps/mvirt/main.ts')],
      target: 'bun',
      format: 'esm',
      minify: true,
      bytecode: true,
      splitting: true,
      env: 'disable',
      define: {
        MVIRT_BUILD: JSON.stringify({ commit, date }),
        // Whoever builds may have set another.
        'process.env.NODE_ENV': '"production"',
        // The UI's library for musl is another package, which is not installed.
        'process.env.OPENTUI_LIBC': '"glibc"',
        // Else CommonJS packages carry the paths of this machine.
        __dirname: '"/$bunfs/root"',
        __filename: '"/$bunfs/root/mvirt"',
      },
      // Compiles components while the sources run, with all of Babel: here the plugin does it.
      external: ['@opentui/solid/preload'],
      plugins: [lazyBuiltins, createSolidTransformPlugin()],
      throw: false,
      // Where it is started must not change what it does: it reads no bunfig.toml, .env or manifest there.
      compile: { outfile: part, autoloadBunfig: false, autoloadDotenv: false, autoloadTsconfig: false, autoloadPackageJson: false },
    });
    if (!success) throw new Error(`the executable could not be built:\n${logs.join('\n')}`);
    renameSync(part, target);
  } finally {
    process.chdir(before);
    rmSync(part, { force: true });
  }
}
