import { expect, test } from 'bun:test';
import { tinyGuestPath } from '@mvirt/guests';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { probeCmdline, runProbe } from './probe-run.ts';

const qemu = Bun.which('qemu-system-x86_64');
if (qemu === null) console.log('skip: qemu-system-x86_64 is missing (Debian package qemu-system-x86)');

test.skipIf(qemu === null)('a probe that is given up at any moment leaves no process', async () => {
  using dir = tempDir('probe');
  await using _leaks = watchLeaks({ dir: dir.path });
  const argv = [
    qemu ?? '',
    '-name',
    dir.path,
    '-M',
    'q35',
    '-accel',
    'tcg',
    '-m',
    '64',
    '-nodefaults',
    '-display',
    'none',
    '-serial',
    'stdio',
    '-kernel',
    tinyGuestPath(),
  ];
  for (const afterMs of [0, 1, 2, 3, 5, 8, 12, 20, 40, 60]) {
    const signal = afterMs === 0 ? AbortSignal.abort() : AbortSignal.timeout(afterMs);
    const run = await runProbe({ timeout: '/usr/bin/timeout', argv: [...argv, '-append', probeCmdline], patience: 'long', signal });
    expect(run).toEqual({ kind: 'failed', words: 'given up' });
  }
  // A VMM whose parent has gone is no descendant of ours any more: it is known by the folder that it names.
  await waitFor('every VMM to end', () => Bun.spawnSync(['pgrep', '-f', dir.path]).exitCode === 1);
});
