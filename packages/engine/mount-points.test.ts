import { expect, test } from 'bun:test';
import { isLocal, mountPoints } from './mount-points.ts';

const mounts = mountPoints(`22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
30 22 0:26 / /srv/disks rw,relatime shared:5 - nfs4 host:/disks rw,hard
31 30 0:27 / /srv/disks/fast rw - xfs /dev/vdb rw
32 22 0:28 / /mnt/a\\040b rw - fuse.sshfs me@host:/ rw
33 22 0:29 / /over rw - nfs4 host:/x rw
34 33 0:30 / /over rw - tmpfs tmpfs rw
`);

test('what is mounted where, by the longest place, and the later one of two', () => {
  const local = (place: string) => isLocal(mounts, place);
  expect(['/', '/var/lib/a.raw', '/srv/disksonly', '/srv/disks/fast/a', '/over/a', '/mnt'].map(local)).toEqual(Array(6).fill(true));
  expect(['/srv/disks', '/srv/disks/a.raw', '/mnt/a b/c'].map(local)).toEqual(Array(3).fill(false));
  expect(isLocal([], '/a')).toBe(false);
});
