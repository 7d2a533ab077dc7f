import type { Host } from '../port.ts';
import { createHostFiles } from './files.ts';
import { createHostHardware } from './hardware/index.ts';
import { createLibc } from './libc.ts';
import { createProcesses } from './processes.ts';
import { createPrograms } from './programs.ts';
import { createHostSockets } from './sockets.ts';
import { createHostSystem } from './system.ts';
import { createVmmRunner } from './vmm/index.ts';

/** The host that we run on: Linux 5.6 or later (pidfd_getfd), glibc. Starts nothing and watches nothing by itself. */
export function createLinuxHost(): Host {
  const libc = createLibc();
  const processes = createProcesses(libc);
  const programs = createPrograms();
  return {
    processes,
    programs,
    vmms: createVmmRunner({ libc, processes, programs }),
    files: createHostFiles(libc),
    sockets: createHostSockets(libc),
    system: createHostSystem(),
    hardware: createHostHardware({ programs }),
  };
}
