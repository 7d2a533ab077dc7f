import type { HypervisorKind } from './hypervisor-kind.ts';
import type { VmSize } from './vm-size.ts';
import type { Disk } from './vm-spec.ts';

/** A process that cannot be mistaken for another one: pids are used again, these three together are not. */
export type ProcessIdentity = {
  pid: number;
  /** Field 22 of /proc/PID/stat, in clock ticks since boot (proc(5)). */
  startTicks: number;
  /** /proc/sys/kernel/random/boot_id. */
  bootId: string;
};

/** A NIC whose TAP exists. index is its place in the VM's spec at launch, or the next free one at hot-plug. */
export type LaunchNic = { index: number; tap: string; mac: string };

/** What another daemon (the Rust one) noted of a VMM that it started; paths as it wrote them. */
export type ForeignVmm = { pid: number; apiSocket: string; serialSocket: string };

/** How one run of a VM is found again by another agent; stored before the spawn. */
export type RunRecord = {
  vmId: string;
  /** Absolute. */
  runDir: string;
  /** Distinguishes this run's files (exit, events) from those of earlier runs in the same directory. */
  runId: string;
  hypervisor: HypervisorKind;
  /** null until the VMM was spawned. */
  process: ProcessIdentity | null;
  /** What the guest was launched with: device ids are given by position here, hot-plugged ones are added. */
  disks: Disk[];
  nics: LaunchNic[];
  /** There where another daemon began this run: its VMM has no shim, writes no events, and is not to be taken for ours before that is proven. */
  foreign?: ForeignVmm;
  /** What the guest has, resizes included; not there in runs that cannot be resized (of the Rust daemon, or of earlier versions). */
  size?: VmSize;
};
