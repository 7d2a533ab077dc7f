import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import { runDirOf, runDirs, storedFiles } from '@mvirt/engine';
import { type Host, type ProcessIdentity, runFiles } from '@mvirt/host';
import { isRunFile } from '@mvirt/hypervisor';
import type { Network } from '@mvirt/network';
import { glanceAtStore } from '../wire.ts';

export type Leftover =
  /** A VMM whose VM is gone, or is not up by what is stored. */
  | { kind: 'process'; process: ProcessIdentity; runDir: string }
  | { kind: 'tap'; tap: string; vmId: string }
  /** strange: files in it that are none of mvirt's. */
  | { kind: 'folder'; path: string; strange: string[] }
  /** The disk that was made for a VM that is gone, or an image without a row. */
  | { kind: 'disk' | 'image'; path: string }
  | { kind: 'rows'; count: number };

export type LeftoverDeps = {
  host: Pick<Host, 'processes'>;
  network: Pick<Network, 'present' | 'rights'>;
  dataDir: string;
  /** An agent's own VMs are its affair while it runs: then only what belongs to no VM counts. */
  hasAgent: boolean;
  signal?: AbortSignal;
  nowMs?: () => number;
};

/** A disk and an image have their names before their rows; an agent that runs has long stored what lies there for so long. */
const storedMs = 60_000;

const ourFiles: readonly string[] = [runFiles.console, runFiles.messages, 'serial.sock', 'cloudinit.img', 'cloudinit.d', '.deleted'];

/**
 * What VMs have left on this host that nobody takes away by itself. The host is looked at before the database: whatever belongs
 * to a VM was made after its row, but for files that are young. @throws STORE_ERROR, NETWORK_ERROR
 */
export async function findLeftovers({ host, network, dataDir, hasAgent, signal, nowMs = Date.now }: LeftoverDeps): Promise<Leftover[]> {
  const taps = network.rights().reason === null ? await network.present(signal === undefined ? {} : { signal }) : [];
  const folders = runDirs(dataDir).map((name) => join(dataDir, 'vm', name));
  const vmms = folders.flatMap((runDir) => vmmIn(host, runDir) ?? []);
  const files = storedFiles(dataDir);
  const changedBeforeMs = hasAgent ? nowMs() - storedMs : Number.POSITIVE_INFINITY;
  const isOld = ({ path }: { path: string }): boolean => (statSync(path, { throwIfNoEntry: false })?.ctimeMs ?? Number.POSITIVE_INFINITY) < changedBeforeMs;
  const glance = glanceAtStore(dataDir);
  if (glance === null) return [];
  const known = new Set(glance.vms.map(({ id }) => id));
  const owners = new Map(glance.vms.map(({ id, live }) => [runDirOf(dataDir, id), live]));
  /** Whether a VM may have something that only running VMs have. */
  const mayHave = (live: boolean | undefined): boolean => live === true || (live === false && hasAgent);
  const liveById = new Map(glance.vms.map(({ id, live }) => [id, live]));
  const rows: Leftover[] = glance.strayRows > 0 ? [{ kind: 'rows', count: glance.strayRows }] : [];
  return [
    ...vmms.filter(({ runDir }) => !mayHave(owners.get(runDir))).map(({ process, runDir }): Leftover => ({ kind: 'process', process, runDir })),
    ...taps.filter(({ vmId, held }) => !held && !mayHave(liveById.get(vmId))).map(({ tap, vmId }): Leftover => ({ kind: 'tap', tap, vmId })),
    ...folders.filter((path) => !owners.has(path) && !known.has(basename(path))).map((path): Leftover => ({ kind: 'folder', path, strange: strangeIn(path) })),
    ...files.disks.filter((file) => !known.has(file.stem) && isOld(file)).map(({ path }): Leftover => ({ kind: 'disk', path })),
    ...files.images.filter((file) => !glance.images.includes(file.stem) && isOld(file)).map(({ path }): Leftover => ({ kind: 'image', path })),
    ...rows,
  ];
}

/** Others (somebody's shell) may work in a run directory: only the pid that the shim wrote is a VMM. */
function vmmIn({ processes }: Pick<Host, 'processes'>, runDir: string): { process: ProcessIdentity; runDir: string } | null {
  const written = readPid(join(runDir, runFiles.pid));
  const process = processes.findByCwd(runDir).find(({ pid }) => pid === written);
  return process === undefined ? null : { process, runDir };
}

function readPid(path: string): number | null {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return null; // no VMM was ever started there
  }
}

const strangeIn = (folder: string): string[] => readdirSync(folder).filter((name) => !isRunFile(name) && !ourFiles.includes(name));

/** One line for people. */
export function leftoverText(leftover: Leftover): string {
  switch (leftover.kind) {
    case 'process':
      return `VMM ${leftover.process.pid} in ${leftover.runDir} is no VM's`;
    case 'tap':
      return `TAP ${leftover.tap} of VM ${leftover.vmId} is held by no VMM`;
    case 'folder':
      return `${leftover.path} is no VM's${leftover.strange.length > 0 ? `, and holds what mvirt did not put there: ${leftover.strange.join(', ')}` : ''}`;
    case 'disk':
      return `${leftover.path} is the disk of a VM that is gone`;
    case 'image':
      return `${leftover.path} is no image's`;
    case 'rows':
      return `${leftover.count} rows of the database belong to no VM`;
    default:
      throw new MvirtError({ code: 'INTERNAL', message: 'a leftover of no kind', cause: leftover satisfies never });
  }
}
