import type { Disk, LaunchNic, ProcessIdentity, VmSpec } from '@mvirt/domain';
import type { Processes } from '@mvirt/host';
import type { HypervisorDriver, LaunchRequest, Vmm } from '@mvirt/hypervisor';

/** One hypervisor with one kind of guest, for the contract suite. */
export type HypervisorBench = {
  name: string;
  /** What the guest does; where it does not, the suite asserts the other path. */
  guest: { hearsButton: boolean; seesHotplug: boolean; ejects: boolean };
  /** null: it can be run here; else what is missing, for the skip. */
  missing: string | null;
  /** The same for the cases that need a TAP. */
  missingForNics: string | null;
  /** Of each guest. */
  memoryMib: number;
  /** It can take vCPUs from a running guest; a reset takes those that the guest does not let go of. */
  takesVcpus(accelerator: string | null): boolean;
  /** The VMM stays when its guest powers off, until an agent ends it. */
  outlivesGuest?: boolean;
  /** Its only accelerator may be too slow here: probe then says so, and a VM that names it runs all the same. */
  mayBeSlow?: boolean;
  /** How long a boot and any step of the guest may take at most. */
  guestMs: number;
  /** A guest's resets closer to each other than this may be told as one. */
  resetsApartMs: number;
  /** Made anew for each test. */
  open(): Promise<BenchRoom>;
  /** After the last test. */
  close?(): void;
};

export type BenchRoom = AsyncDisposable & {
  readonly processes: Processes;
  /** SIGSTOP, until all of it stands still: a thread that is about to answer does so first. */
  halt(process: ProcessIdentity): Promise<void>;
  /** A driver as an agent that has just started makes it; VMMs of earlier ones live on. */
  agent(): HypervisorDriver;
  /** A VM that was never launched before. */
  request(parts?: { disks?: Disk[]; nics?: LaunchNic[]; change?: Partial<VmSpec> }): LaunchRequest;
  /** An empty disk image of one MiB. */
  disk(name: string): Disk;
  /** A disk that launch refuses only when it opens it, and the words that the error then has in it. */
  brokenDisk(): { disk: Disk; words: RegExp };
  /** A NIC on a TAP of its own. */
  nic(index: number): LaunchNic;
  /** Only for a launch that succeeded: from then on its run's files may stay. */
  guestOf(request: LaunchRequest, vmm: Vmm): GuestHand;
  /** What is left of the runs besides logs; must be empty at the end of a test. */
  leftovers(): string[];
};

/** What the test makes the guest do, and sees of it. */
export type GuestHand = {
  /** The guest has come up so many times since its launch. */
  up(times: number): Promise<void>;
  powerOff(): Promise<void>;
  reset(): Promise<void>;
  /** null: this guest knows no panic. */
  panic: (() => Promise<void>) | null;
  /** What is typed reaches the guest, and its echo the console. */
  echoes(text: string): Promise<void>;
  /** So many devices were plugged in while it ran, and it saw each. */
  sawPlugged(count: number): Promise<void>;
  /** So many vCPUs came while it ran, and it saw each. */
  sawVcpus(count: number): Promise<void>;
};
