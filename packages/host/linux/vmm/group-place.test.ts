import { expect, test } from 'bun:test';
import { groupPlace } from './group-place.ts';

const mount = (root: string, point: string, type: string, options: string) =>
  `32 31 0:29 ${root} ${point} rw,relatime shared:9 - ${type} ${type} rw,${options}\n`;

test('version 1: below the own group, with the counter of that version', () => {
  const mounts = mount('/', '/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'cpu,cpuacct') + mount('/', '/sys/fs/cgroup/memory', 'cgroup', 'memory');
  expect(groupPlace('5:cpu,cpuacct:/a\n4:memory:/system.slice/mvirt.service\n0::/x\n', mounts)).toEqual({
    folder: '/sys/fs/cgroup/memory/system.slice/mvirt.service/mvirt',
    counter: 'memory.oom_control',
    version: 1,
    mount: '/sys/fs/cgroup/memory',
  });
  expect(groupPlace('4:memory:/\n', mounts)?.folder).toBe('/sys/fs/cgroup/memory/mvirt');
});

test('version 1 in a container, which sees its own part of the tree', () => {
  const mounts = mount('/docker/c1', '/sys/fs/cgroup/memory', 'cgroup', 'memory');
  expect(groupPlace('4:memory:/docker/c1/inner\n', mounts)?.folder).toBe('/sys/fs/cgroup/memory/inner/mvirt');
  expect(groupPlace('4:memory:/docker/c1\n', mounts)?.folder).toBe('/sys/fs/cgroup/memory/mvirt');
  expect(groupPlace('4:memory:/docker/c2\n', mounts)).toBeNull();
});

test('version 2: at the top', () => {
  expect(groupPlace('0::/system.slice/mvirt.service\n', mount('/', '/sys/fs/cgroup', 'cgroup2', 'nsdelegate'))).toEqual({
    folder: '/sys/fs/cgroup/mvirt',
    counter: 'memory.events',
    version: 2,
    mount: '/sys/fs/cgroup',
  });
});

test('none mounted: none', () => {
  expect(groupPlace('', '')).toBeNull();
  expect(groupPlace('4:memory:/\n', mount('/', '/sys/fs/cgroup/cpu', 'cgroup', 'cpu'))).toBeNull();
});
