import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk } from '@mvirt/domain';
import { runFiles } from '@mvirt/host';
import type { HypervisorDriver } from '@mvirt/hypervisor';
import { createFakeHypervisor, type GuestManners } from '../fake-hypervisor.ts';
import { tempDir } from '../temp-dir.ts';
import { vmSpec } from '../vm-spec.ts';
import { waitFor } from '../wait-for.ts';
import type { BenchRoom, HypervisorBench } from './bench.ts';
import { requestIn } from './request.ts';

/** The fake on the bench: what the engine is tested against keeps the same contract. */
export function fakeBench(name: string, manners: Pick<GuestManners, 'hearsButton' | 'ejects'>): HypervisorBench {
  return {
    name,
    guest: { ...manners, seesHotplug: true },
    missing: null,
    missingForNics: null,
    memoryMib: vmSpec().memoryMib,
    takesVcpus: () => true,
    guestMs: 2000,
    resetsApartMs: 0,
    open: async () => openRoom(manners),
  };
}

function openRoom(manners: Partial<GuestManners>): BenchRoom {
  const dir = tempDir('fake');
  const kernel = dir.join('kernel');
  writeFileSync(kernel, '');
  const fake = createFakeHypervisor({ manners, missingFiles: 'refused' });
  let runs = 0;

  // The fake does not read disks: it fails as a real one does when the broken one is among them.
  const agent: HypervisorDriver = {
    ...fake,
    async launch(request, options) {
      if (request.run.disks.some((disk) => disk.path.endsWith('broken'))) fake.failNextLaunch('Could not open the disk');
      return fake.launch(request, options);
    },
  };
  const disk = (name: string): Disk => {
    writeFileSync(dir.join(name), Buffer.alloc(512));
    return { path: dir.join(name), readonly: false, format: 'raw' };
  };

  return {
    processes: fake.processes,
    halt: async (process) => void fake.processes.signal(process, 'SIGSTOP'),
    agent: () => agent,
    request: (parts) => requestIn(dir.path, `run-${++runs}`, { kernel }, parts),
    disk,
    brokenDisk: () => ({ disk: disk('broken'), words: /Could not open/ }),
    nic: (index) => ({ index, tap: `tap${index}`, mac: `52:54:00:00:00:0${index}` }),
    guestOf({ run }, vmm) {
      const control = () => fake.control(run.vmId);
      const plugged = new Set(control().devices());
      return {
        up: (times) => waitFor(`boot ${times}`, () => control().state().resets >= times - 1).then(() => {}),
        powerOff: async () => control().powerOff(),
        reset: async () => control().reboot(),
        panic: async () => control().panic(),
        sawPlugged: () => waitFor('a device', () => control().devices().length > plugged.size).then(() => {}),
        sawVcpus: (count) => waitFor('the vCPUs', () => control().size().vcpus > count).then(() => {}),
        async echoes(text) {
          const input = await vmm.openInput();
          await input.write(Buffer.from(text), {});
          input.close();
          const path = join(run.runDir, runFiles.console);
          await waitFor('the echo', () => existsSync(path) && readFileSync(path, 'utf8').includes(text));
        },
      };
    },
    leftovers: () => fake.processes.alive().map((process) => `process ${process.pid}`),
    async [Symbol.asyncDispose]() {
      dir[Symbol.dispose]();
    },
  };
}
