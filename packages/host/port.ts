import type { HostFiles, HostSockets } from './files.ts';
import type { HostHardware } from './hardware.ts';
import type { Processes } from './process.ts';
import type { Programs } from './programs.ts';
import type { HostSystem } from './system.ts';
import type { VmmRunner } from './vmm.ts';

/** Everything that touches the kernel. */
export interface Host {
  processes: Processes;
  vmms: VmmRunner;
  files: HostFiles;
  sockets: HostSockets;
  programs: Programs;
  system: HostSystem;
  hardware: HostHardware;
}
