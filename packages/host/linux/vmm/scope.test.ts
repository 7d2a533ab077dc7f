import { expect, test } from 'bun:test';
import { groupPlace } from './group-place.ts';
import { type ScopeHost, scopeOf } from './scope.ts';
import { shimArgv } from './shim.ts';

const mount = (type: string) => `32 31 0:29 / /sys/fs/cgroup rw,relatime shared:9 - ${type} ${type} rw,memory\n`;
const run = { runDir: '/var/lib/mvirt/vm/0d5a', exitFile: 'exit-1' };
const host: ScopeHost = {
  uid: 0,
  isBooted: true,
  firstProcess: 'systemd',
  place: groupPlace('0::/system.slice/mvirt.service\n', mount('cgroup2')),
  busctl: '/usr/bin/busctl',
};

test('root on a host that systemd runs: a scope for each run, and its counter', () => {
  const scope = scopeOf(run, host);
  expect(scope?.unit).toMatch(/^mvirt-0d5a-[0-9a-f]{8}\.scope$/);
  expect(scope?.counter).toBe(`/sys/fs/cgroup/machine.slice/${scope?.unit}/memory.events`);
  expect(scopeOf({ ...run, exitFile: 'exit-2' }, host)?.unit).not.toBe(scope?.unit);
  expect(scopeOf({ ...run, runDir: '/other/vm/0d5a' }, host)?.unit).not.toBe(scope?.unit);
});

test.each<[string, Partial<ScopeHost>]>([
  ['another user', { uid: 1000 }],
  ['another init, or no bus to ask systemd on', { isBooted: false }],
  ['a process namespace whose numbers systemd does not know', { firstProcess: 'sh' }],
  ['no busctl', { busctl: null }],
  ['control groups of version 1', { place: groupPlace('4:memory:/\n', mount('cgroup')) }],
])('%s: none', (_what, other) => expect(scopeOf(run, { ...host, ...other })).toBeNull());

test('an id of any text makes a name that a unit may have', () => {
  for (const id of ['-rf', 'a b\n@\\x', 'ä'.repeat(200), '..']) {
    expect(scopeOf({ runDir: `/vm/${id}`, exitFile: 'exit-1' }, host)?.unit).toMatch(/^mvirt-[\w.-]{0,100}-[0-9a-f]{8}\.scope$/);
  }
});

test('the shim is told of a group or of a scope, never of both', () => {
  const plan = { sh: '/bin/sh', mv: '/bin/mv', rmdir: '/bin/rmdir', ...run, command: ['/usr/bin/vmm'] };
  const told = (place: Parameters<typeof shimArgv>[0]['place']) => shimArgv({ ...plan, place }).slice(8, -1);
  expect(told({ path: '/g', counter: '/g/memory.events' })).toEqual(['/g', '', '', '/g/memory.events']);
  expect(told({ busctl: '/usr/bin/busctl', unit: 'mvirt-a.scope', counter: '/c' })).toEqual(['', '/usr/bin/busctl', 'mvirt-a.scope', '/c']);
  expect(told(null)).toEqual(['', '', '', '']);
});
