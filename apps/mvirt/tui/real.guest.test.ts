import { expect, test } from 'bun:test';
import { truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { commandLineOf, startAgent } from '@mvirt/testkit/agent-process';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { tinyGuestPath } from '@mvirt/testkit/tiny-guest';
import { noTerminal, openTerminal, type Terminal } from '@mvirt/testkit/tmux';
import { waitFor } from '@mvirt/testkit/wait-for';
import { mainPath } from '../cli/testing/spawn-mvirt.ts';

const missing = Bun.which('qemu-system-x86_64') === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : noTerminal();
if (missing) console.log(`skipped: ${missing}`);
const openUi = (socketPath: string, flags: string[] = [], size = { columns: 80, rows: 24 }): Promise<Terminal> =>
  openTerminal({ argv: [process.execPath, mainPath, '--socket', socketPath, ...flags], ...size });
const patience = { timeoutMs: 20_000 };

/** Whether every row between header and footer begins and ends with a pane's frame. */
function isFramed(screen: string, columns: number, rows: number): boolean {
  const lines = screen.split('\n').slice(1, rows - 2);
  return lines.every((line) => [...line].length === columns && /^[│┌└].*[│┐┘]$/.test(line));
}

test.skipIf(missing !== null)(
  'a VM from the form to its end, by keys alone: files picked, a disk that comes and goes, its log searched, killed, deleted',
  async () => {
    using dir = tempDir('ui');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    const disk = dir.join('data.raw');
    writeFileSync(disk, '');
    truncateSync(disk, 1024 ** 2);
    await using agent = await startAgent(dir);
    await using terminal = await openUi(agent.socketPath);
    const vm = () => agent.api.vm.get.query({ vm: 'web' });
    let pid = 0;
    try {
      await terminal.until('no VM yet', patience);
      await waitFor('a whole frame', async () => isFramed(await terminal.screen(), 80, 24));

      await terminal.type('cWeb');
      await terminal.keys('Tab', 'Tab', 'Tab', 'Tab');
      await terminal.type(`${dirname(tinyGuestPath())}/`);
      await terminal.keys('C-o');
      await terminal.until(basename(tinyGuestPath()), patience);
      await terminal.type(basename(tinyGuestPath()));
      await terminal.keys('Enter');
      await terminal.until(/Kernel +\S+\/tiny/);
      await terminal.keys('C-s');
      await terminal.until('× must be 1 to 63 of a-z 0-9 -');
      await terminal.keys('BSpace', 'BSpace', 'BSpace');
      await terminal.type('web');
      await terminal.keys(...Array.from({ length: 8 }, () => 'Tab'), 'BSpace', 'BSpace', 'BSpace');
      await terminal.type('64');
      await terminal.keys('Tab', ...Array.from({ length: 7 }, () => 'BSpace'), 'C-s');
      await terminal.until('web was created', patience);
      expect(await vm()).toMatchObject({ kernel: tinyGuestPath(), memoryBytes: 64 * 1024 ** 2, nics: [], disks: [] });

      await terminal.keys('s');
      await terminal.until(/● web +running/, patience);
      pid = (await vm()).pid ?? 0;
      await terminal.until('TINY up', patience);

      await terminal.keys('i');
      await terminal.until(`running, pid ${pid}`);
      await terminal.type(`a${dir.path}/`);
      await terminal.keys('C-o');
      await terminal.until('data.raw');
      await terminal.type('data.raw');
      await terminal.keys('Enter');
      await terminal.until(/Disk .*data\.raw/);
      await terminal.keys('C-s');
      await terminal.until('web: attached disk', patience);
      expect((await vm()).disks.map(({ path }) => path)).toEqual([disk]);
      await terminal.until(/disk +.*data\.raw {2}raw/);
      const rows = (await terminal.screen()).split('\n');
      const down = rows.findIndex((line) => line.includes('│ disk ')) - rows.findIndex((line) => line.includes('│ name '));
      await terminal.keys(...Array.from({ length: down }, () => 'j'), 'x');
      await terminal.until(/web: detached disk|removal pending/, patience);
      expect((await vm()).disks).toEqual([]);

      await terminal.keys('Escape');
      await waitFor('the details to be closed', async () => !(await terminal.screen()).includes('Details'));
      await terminal.type('l/attached');
      await terminal.keys('Enter');
      await terminal.until(/Logs {2}web .*\/attached \d\/\d/);
      await terminal.until(/▸\d\d:\d\d:\d\d disk .*attached|▸.*disk/);

      await terminal.keys('y');
      await terminal.until('lines copied');
      await waitFor('the clipboard', async () => /Z {2}disk .*data\.raw attached$/m.test(await terminal.copied()));

      await terminal.type('k');
      await terminal.until('web is powered off at once');
      await terminal.keys('y');
      await terminal.until(/[○×] web +\S+/, patience);
      expect(commandLineOf(pid)).toBeNull();
      await terminal.type(':mvirt delete web');
      await terminal.keys('Enter');
      await terminal.until('delete web?');
      await terminal.keys('y');
      await terminal.until('no VM yet', patience);
      await terminal.keys('q');
      expect(await terminal.untilEnded()).toBe(0);
    } finally {
      if (pid !== 0 && commandLineOf(pid)?.includes(dir.path)) process.kill(pid, 'SIGKILL');
    }
  },
  90_000,
);

test.skipIf(missing !== null)(
  'a mouse selects, presses and scrolls; a terminal that changes its size at any moment stays whole',
  async () => {
    using dir = tempDir('ui');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    await using agent = await startAgent(dir);
    for (const vm of ['a', 'b', 'c']) await agent.api.vm.create.mutate({ name: vm, kernel: tinyGuestPath(), memoryMib: 64 });
    await using terminal = await openUi(agent.socketPath);
    await terminal.until(/○ c +stopped/, patience);
    // SGR mouse reports: button, column and row from 1; press and let go.
    const click = async (column: number, row: number) => {
      await terminal.type(`\u001b[<0;${column};${row}M\u001b[<0;${column};${row}m`);
    };
    await click(5, 5);
    await terminal.until('$ mvirt start b');
    await click(60, 3);
    await terminal.until('$ mvirt logs -f b');
    await terminal.type('\u001b[<65;5;5M');
    await terminal.until('Logs  c');
    await terminal.keys('d');
    await terminal.until('delete c?');
    const answers = (await terminal.screen()).split('\n').findIndex((line) => line.includes(' n leave'));
    await click(1 + ((await terminal.screen()).split('\n')[answers] ?? '').indexOf('n leave'), answers + 1);
    await terminal.until('delete: not done');

    for (const [columns, rows] of [
      [40, 10],
      [200, 50],
      [64, 16],
      [81, 25],
      [300, 80],
      [80, 24],
    ] as const) {
      await terminal.resize(columns, rows);
      if (columns < 64) await terminal.until(new RegExp(`^─ Logs {2}c ─.{${columns - 12}}─$`, 'm'), patience);
      else await waitFor(`a whole frame at ${columns}x${rows}`, async () => isFramed(await terminal.screen(), columns, rows), patience);
    }

    await using second = await openUi(agent.socketPath, ['--no-mouse']);
    await second.until(/○ c +stopped/, patience);
    expect(await terminal.wantsMouse()).toBe(true);
    expect(await second.wantsMouse()).toBe(false);
    for (const each of [terminal, second]) {
      await each.keys('C-c');
      expect(await each.untilEnded()).toBe(0);
    }
  },
  60_000,
);
