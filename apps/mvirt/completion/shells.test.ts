import { expect, test } from 'bun:test';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { noTerminal, openTerminal } from '@mvirt/testkit/tmux';
import { openCli, runCaptured } from '../cli/testing/open-cli.ts';
import { mainPath } from '../cli/testing/spawn-mvirt.ts';
import { type Shell, shells } from './scripts.ts';

const begins: Record<Shell, { argv: string[]; setUp: (script: string) => string }> = {
  bash: { argv: ['bash', '--norc', '--noprofile'], setUp: (script) => `. ${script}` },
  zsh: { argv: ['zsh', '-f'], setUp: (script) => `unsetopt LIST_BEEP; autoload -Uz compinit; compinit -u -D; . ${script}` },
  fish: { argv: ['fish', '--no-config'], setUp: (script) => `source ${script}` },
};

for (const shell of shells) {
  const { argv, setUp } = begins[shell];
  const missing = noTerminal() ?? (Bun.which(shell) === null ? `${shell} is not installed (Debian package ${shell})` : null);
  test.skipIf(missing !== null)(`a Tab in ${shell}: commands, values, files, and VMs that there are${missing === null ? '' : ` (${missing})`}`, async () => {
    using dir = tempDir('completion');
    await using cli = await openCli();
    for (const name of ['web-1', 'db']) await cli.mvirt('create', '--name', name, '--kernel', '/boot/vmlinuz');
    mkdirSync(dir.join('bin'));
    writeFileSync(dir.join('bin/mvirt'), `#!/bin/sh\nexec '${process.execPath}' '${mainPath}' "$@"\n`);
    chmodSync(dir.join('bin/mvirt'), 0o755);
    writeFileSync(dir.join('one kernel.elf'), '');
    const { stdout } = await runCaptured(['completion', shell], dir.path);
    writeFileSync(dir.join('script'), stdout);
    const env = { PATH: `${dir.join('bin')}:${process.env.PATH}`, MVIRT_SOCKET: cli.socketPath, HOME: dir.path, PS1: '> ', PROMPT: '> ' };
    await using terminal = await openTerminal({ argv, cwd: dir.path, env, columns: 160 });
    await terminal.type(`${setUp(dir.join('script'))}; echo set-up | tr a-z A-Z`);
    await terminal.keys('Enter');
    await terminal.until('SET-UP');
    const tries: [typed: string, becomes: RegExp][] = [
      ['mvirt sto', /mvirt stop $/m],
      ['mvirt start --json w', /mvirt start --json web-1/],
      [`mvirt --socket=${cli.socketPath} get d`, /get db/],
      ['mvirt list --state=ru', /mvirt list --state=running/],
      ['mvirt create --kernel on', /mvirt create --kernel (one\\ kernel\.elf|'one kernel\.elf')/],
    ];
    for (const [typed, becomes] of tries) {
      await terminal.keys('C-c');
      await terminal.type('clear');
      await terminal.keys('Enter');
      await terminal.type(typed);
      await terminal.keys('Tab');
      // One that is done ends in a blank.
      await terminal.type('.');
      await terminal.until(new RegExp(becomes.source.replace(/ \$$/, ' \\.'), becomes.flags), { timeoutMs: 15_000 });
    }
    expect(tries.length).toBe(5);
  });
}
