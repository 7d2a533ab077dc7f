import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyGuestPath } from '@mvirt/guests';
import { startAgent } from '@mvirt/testkit/agent-process';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { lackingMountNamespace } from '@mvirt/testkit/mount-namespace';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { noTerminal, openTerminal } from '@mvirt/testkit/tmux';
import { buildExecutable } from './executable.ts';
import { originOf } from './origin.ts';

const root = join(import.meta.dir, '../..');
const lackingQemu = Bun.which('qemu-system-x86_64') === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : null;
const missing = lackingMountNamespace() ?? noTerminal() ?? lackingQemu;

/** The machine may be busy with others. */
const patienceMs = 60_000;

test.skipIf(missing !== null)(
  `the executable alone, in an empty folder, without sources or an environment: agent, command line, a VM, the UI${missing === null ? '' : ` (${missing})`}`,
  async () => {
    using dir = tempDir('executable');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    const mvirt = dir.join('mvirt');
    const origin = originOf(root, process.env);
    await buildExecutable(mvirt, origin);
    for (const folder of ['empty', 'native']) mkdirSync(dir.join(folder));
    cpSync(tinyGuestPath(), dir.join('tiny.elf'));
    const environment = { MVIRT_SOCKET: dir.join('agent.sock'), BUN_TMPDIR: dir.join('native'), TERM: 'screen-256color' };
    const set = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    // An empty filesystem hides the checkout with its sources, packages and Bun.
    const alone = [
      'unshare',
      '-m',
      'sh',
      '-ec',
      'mount -t tmpfs -o size=64k tmpfs "$1"; cd "$2"; shift 2; exec env -i "$@"',
      'sh',
      root,
      dir.join('empty'),
      ...set,
    ];
    const run = (...argv: string[]) => {
      const [program = '', ...args] = [...alone, mvirt, ...argv];
      const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: patienceMs });
      expect([argv, status, stderr]).toEqual([argv, 0, '']);
      return stdout;
    };

    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const { commit, date } = origin;
    expect(JSON.parse(run('version', '--json'))).toEqual({ apiVersion: 'mvirt/v1', version, commit, date, agentVersion: null });
    // Where its libraries cannot be written it says so, and what to do.
    const [program = '', ...before] = [...alone, 'BUN_TMPDIR=/proc', mvirt];
    const refused = spawnSync(program, [...before, 'agent', '--config', 'none', '--data-dir', dir.join('none'), '--listen', 'off'], { encoding: 'utf8' });
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('hint: it is written to $BUN_TMPDIR, else $TMPDIR, else /tmp')]);
    {
      await using agent = await startAgent(dir, [], { through: alone, program: [mvirt] });
      run('create', '--name', 'web', '--kernel', dir.join('tiny.elf'), '--memory', '64', '--start');
      try {
        expect(JSON.parse(run('list', '--json'))).toMatchObject({ vms: [{ name: 'web', state: 'running', hypervisor: 'qemu' }] });
        await using terminal = await openTerminal({ argv: [...alone, mvirt], cwd: dir.path });
        await terminal.until(/● web +running/, { timeoutMs: patienceMs });
        await terminal.until('TINY up', { timeoutMs: patienceMs });
        await terminal.keys('q');
        expect(await terminal.untilEnded({ timeoutMs: patienceMs })).toBe(0);
      } finally {
        run('stop', 'web');
      }
      run('delete', '--yes', 'web');
      expect(await agent.end('SIGTERM')).toBe(0);
    }
    expect(readdirSync(dir.join('empty'))).toEqual([]);
  },
  180_000,
);
