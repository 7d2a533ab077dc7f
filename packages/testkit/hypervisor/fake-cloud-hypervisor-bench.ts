import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import type { HypervisorBench } from './bench.ts';
import { cloudHypervisorBench } from './cloud-hypervisor-bench.ts';

/** The driver on a program that answers as cloud-hypervisor does: what it does with those answers is tested on any host. */
export const fakeCloudHypervisorBench = (name: string, cmdline: 'deaf keep' | ''): HypervisorBench =>
  cloudHypervisorBench({ name, cmdline, missing: null, host: hostWithFake, kvm: () => null });

/** A host that finds the fake where it is asked for cloud-hypervisor. dir: where its program is put. */
export function hostWithFake(dir: string): Host {
  const host = createLinuxHost();
  const program = join(dir, 'cloud-hypervisor');
  const script = join(import.meta.dir, '..', 'fake-cloud-hypervisor.ts');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
  chmodSync(program, 0o755);
  const find = (name: string): string | null => (name === 'cloud-hypervisor' ? program : host.programs.find(name));
  return { ...host, programs: { ...host.programs, find } };
}
