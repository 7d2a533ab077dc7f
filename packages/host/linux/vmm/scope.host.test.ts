import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { shimArgv } from './shim.ts';

const untilTold = 'while [ ! -e go ]; do sleep 0.02; done';

/** Runs the shim of a VMM with something else in busctl's place, which may wait for the shim's end; what that was told, and what the shim wrote. */
async function shimWith(busctl: string, { counter, vmm = 'sleep 0.2; kill -KILL $$' }: { counter: string | null; vmm?: string }) {
  using dir = tempDir('scope');
  const script = ['#!/bin/sh', `cd ${dir.path}`, 'for word; do printf "%s\\n" "$word"; done >told', `(${busctl})`, 'status=$?', 'touch done', 'exit $status'];
  writeFileSync(dir.join('busctl'), `${script.join('\n')}\n`);
  chmodSync(dir.join('busctl'), 0o755);
  if (counter !== null) writeFileSync(dir.join('memory.events'), counter);
  const place = { busctl: dir.join('busctl'), unit: 'mvirt-a-1.scope', counter: dir.join('memory.events') };
  const programs = { sh: '/bin/sh', mv: '/bin/mv', rmdir: '/bin/false' };
  const [sh = '', ...args] = shimArgv({ ...programs, runDir: dir.path, exitFile: 'exit', place, command: ['/bin/sh', '-c', vmm] });
  spawnSync(sh, args, { cwd: dir.path });
  const exit = readFileSync(dir.join('exit'), 'utf8');
  writeFileSync(dir.join('go'), '');
  await waitFor('busctl to end', () => existsSync(dir.join('done')));
  const pid = readFileSync(dir.join('vmm.pid'), 'utf8').trim();
  return { told: readFileSync(dir.join('told'), 'utf8').trim().split('\n'), exit, pid, runDir: dir.path };
}

test('systemd is asked for a scope of the VMM alone, stopped after the drain and the agent', async () => {
  const { told, pid, runDir } = await shimWith('exit 0', { counter: 'oom_kill 0\n' });
  const signature = 'ssa(sv)a(sa(sv))';
  const at = told.indexOf(signature);
  expect(told.slice(0, at)).toEqual([
    '--timeout=3',
    'call',
    'org.freedesktop.systemd1',
    '/org/freedesktop/systemd1',
    'org.freedesktop.systemd1.Manager',
    'StartTransientUnit',
  ]);
  const properties = [
    ['PIDs', 'au', '1', pid],
    ['Slice', 's', 'machine.slice'],
    ['Before', 'as', '2', 'mvirt.service', 'mvirt-drain.service'],
    ['CollectMode', 's', 'inactive-or-failed'],
    ['Description', 's', `mvirt: the VM in ${runDir}`],
  ];
  expect(told.slice(at + 1)).toEqual(['mvirt-a-1.scope', 'fail', String(properties.length), ...properties.flat(), '0']);
});

test.each<[string, string, string, string | null]>([
  ['counted none', 'exit 0', '137 no-oom\n', 'oom_kill 0\n'],
  ['counted one', 'exit 0', '137 oom\n', 'oom_kill 1\n'],
  ['was taken away before its counter was read, or never made', 'exit 1', '137\n', null],
])('a scope that %s', async (_what, busctl, exit, counter) => expect((await shimWith(busctl, { counter })).exit).toBe(exit));

test('a systemd that does not answer holds up no end', async () => {
  const { exit } = await shimWith(untilTold, { counter: null, vmm: 'exit 3' });
  expect(exit).toBe('3\n');
});
