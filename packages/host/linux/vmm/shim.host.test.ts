import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { shimArgv } from './shim.ts';

/** What the shim of a VMM that kills itself writes. `members`: what stands for cgroup.procs holds after the VMM was written into it. */
function exitFile({ counter, isMember }: { counter: string | null; isMember: boolean }): string {
  using dir = tempDir('shim');
  // A plain file keeps what is written: the VMM's own pid. Where the kernel would not list it, a link to nowhere in particular stands for that.
  if (!isMember) spawnSync('ln', ['-s', '/dev/null', dir.join('cgroup.procs')]);
  if (counter !== null) writeFileSync(dir.join('memory.events'), counter);
  const place = { path: dir.path, counter: dir.join('memory.events') };
  const command = ['/bin/sh', '-c', 'kill -KILL $$'];
  const [sh = '', ...args] = shimArgv({ sh: '/bin/sh', mv: '/bin/mv', rmdir: '/bin/true', runDir: dir.path, exitFile: 'exit', place, command });
  expect(spawnSync(sh, args, { cwd: dir.path }).error).toBeUndefined();
  return readFileSync(dir.join('exit'), 'utf8');
}

test.each<[string, string, Parameters<typeof exitFile>[0]]>([
  ['a kill was counted', '137 oom\n', { counter: 'low 0\noom_kill 2\n', isMember: true }],
  ['none was counted', '137 no-oom\n', { counter: 'oom_kill_disable 0\nunder_oom 0\noom_kill 0\n', isMember: true }],
  ['it was dead before it was moved', '137\n', { counter: 'oom_kill 0\n', isMember: false }],
  ['the counter does not count kills', '137\n', { counter: 'low 0\n', isMember: true }],
  ['there is no counter', '137\n', { counter: null, isMember: true }],
])('what the group says of an end: %s', (_what, written, group) => expect(exitFile(group)).toBe(written));
