import type { VmSpec } from '@mvirt/domain';

/** A spec for tests: one vCPU, 64 MiB, a kernel that nobody looks at, nothing else; changed as asked. */
export const vmSpec = (change: Partial<VmSpec> = {}): VmSpec => ({
  vcpus: 1,
  memoryMib: 64,
  maxVcpus: null,
  maxMemoryMib: null,
  bootMode: 'kernel',
  kernel: '/k',
  initramfs: null,
  cmdline: null,
  firmware: null,
  disks: [],
  ownDisk: null,
  nics: [],
  userData: null,
  nestedVirt: false,
  sshKeys: [],
  labels: {},
  hypervisor: 'auto',
  restart: 'never',
  autostart: null,
  ...change,
});
