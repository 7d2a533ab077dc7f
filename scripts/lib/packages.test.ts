import { expect, test } from 'bun:test';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mvirt/testkit/temp-dir';

const noNode = Bun.which('node') === null ? ' (node is not installed)' : '';
const module = join(import.meta.dir, 'packages.mjs');

/** ensurePackages in Node, with a Debian on PATH that has `qemu-utils` alone and writes down what apt-get is asked for. */
async function ensure({ uid, apt = 0 }: { uid: number; apt?: number }) {
  using dir = tempDir('packages');
  const program = (name: string, script: string) => {
    writeFileSync(dir.join(name), `#!/bin/sh\n${script}\n`);
    chmodSync(dir.join(name), 0o755);
  };
  program('dpkg-query', 'for last; do :; done; case "$last" in --version) ;; qemu-utils) printf installed ;; *) exit 1 ;; esac');
  program('apt-get', `echo "apt-get $*"; exit ${apt}`);
  const code = `process.getuid = () => ${uid}; const { ensurePackages } = await import('${module}'); await ensurePackages(['qemu-utils', 'tmux', 'socat'], (line) => console.error(line)); console.error('goes on');`;
  const child = Bun.spawn([Bun.which('node') ?? 'node', '--input-type=module', '-e', code], {
    env: { ...process.env, PATH: `${dir.path}:/nowhere` },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return { text: await new Response(child.stderr).text(), status: await child.exited };
}

test.skipIf(noNode !== '')(`root has the missing packages named first, then installed${noNode}`, async () => {
  expect(await ensure({ uid: 0 })).toEqual({
    text: 'missing Debian packages: tmux socat\napt-get -q update\napt-get install -y --no-install-recommends tmux socat\ngoes on\n',
    status: 0,
  });
});

test.skipIf(noNode !== '')(`a failed install says what to try by hand, and ends with 1${noNode}`, async () => {
  const { text, status } = await ensure({ uid: 0, apt: 100 });
  expect(text).toEndWith('could not install them; try by hand: apt-get install -y --no-install-recommends tmux socat\n');
  expect(status).toBe(1);
});

test.skipIf(noNode !== '')(`a user without a terminal is told the exact line, and nothing is installed${noNode}`, async () => {
  expect(await ensure({ uid: 1000 })).toEqual({
    text: 'missing Debian packages: tmux socat\ninstall them with:\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends tmux socat\n',
    status: 1,
  });
});
