const noCloudHypervisor = 'no Debian package has cloud-hypervisor: it runs where one is in PATH';

/** Tests that may be skipped where CI runs, by a part of their name or file, with the reason. Any other skip fails there. */
const allowed: readonly (readonly [part: string, why: string])[] = [
  ['a NIC is plugged in and out of a running guest', 'runs in a network namespace, by the test beside it'],
  ['cloud-hypervisor/contract', noCloudHypervisor],
  ['cloud-hypervisor/api-limits.guest', noCloudHypervisor],
  ['around a running VM on cloud-hypervisor', noCloudHypervisor],
  ['a raw copy on cloud-hypervisor', noCloudHypervisor],
  ['on a filesystem that clones', 'needs a loop device, and a kernel with btrfs'],
  ['rust-daemon-real', noCloudHypervisor],
  ['has the pid of a VMM that is gone', 'pids are chosen by a file of /proc/sys, which a container may have for reading alone'],
  ['the same tools give the committed bytes', 'needs the very compiler that made them'],
  ['its source builds into a guest of the same shape', 'needs gcc and ld'],
];

/** Why this test (as `file: name`) may be skipped in CI; null: it may not. */
export const maySkip = (test: string): string | null => allowed.find(([part]) => test.includes(part))?.[1] ?? null;
