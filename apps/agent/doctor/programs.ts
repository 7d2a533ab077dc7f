import type { DoctorCheck } from '@mvirt/api/schema';
import type { Programs } from '@mvirt/host';
import { ok, problem, warning } from './check.ts';

/** needed: no VM runs without it. Any of the names will do. */
type Need = { names: [string, ...string[]]; debianPackage: string; purpose: string; needed: boolean };

const needs: readonly Need[] = [
  { names: ['setpriv'], debianPackage: 'util-linux', purpose: 'takes rights away from VMMs', needed: true },
  { names: ['timeout'], debianPackage: 'coreutils', purpose: 'bounds the trial of an accelerator', needed: true },
  { names: ['ip'], debianPackage: 'iproute2', purpose: 'makes bridges and TAPs', needed: false },
  { names: ['nft'], debianPackage: 'nftables', purpose: "lets VMs' networks out, and guards them", needed: false },
  { names: ['dnsmasq'], debianPackage: 'dnsmasq-base', purpose: "gives addresses and names on VMs' networks", needed: false },
  { names: ['genisoimage', 'xorriso'], debianPackage: 'genisoimage', purpose: 'packs cloud-init seed images', needed: false },
  { names: ['qemu-img'], debianPackage: 'qemu-utils', purpose: "checks images, and makes VMs' disks of them", needed: false },
  { names: ['xz'], debianPackage: 'xz-utils', purpose: 'unpacks images', needed: false },
  { names: ['zstd'], debianPackage: 'zstd', purpose: 'unpacks images', needed: false },
  { names: ['bzip2'], debianPackage: 'bzip2', purpose: 'unpacks images', needed: false },
];

/** Each program that the agent runs, with the Debian package that brings a missing one. */
export function checkPrograms(programs: Pick<Programs, 'find'>): DoctorCheck[] {
  return needs.map(({ names, debianPackage, purpose, needed }) => {
    const id = `program.${names[0]}`;
    const title = names.join(' or ');
    const path = names.map((name) => programs.find(name)).find((found) => found !== null);
    if (path) return ok(id, title, path);
    const hint = `apt-get install --no-install-recommends ${debianPackage}`;
    const detail = `missing: ${purpose}`;
    return needed ? problem(id, title, detail, hint) : warning(id, title, detail, hint);
  });
}
