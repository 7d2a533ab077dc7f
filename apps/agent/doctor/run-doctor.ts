import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DoctorReport } from '@mvirt/api/schema';
import { defaultPaths } from '../defaults.ts';
import { findGroup } from '../group.ts';
import { databaseFile, wireDrivers, wireHost } from '../wire.ts';
import { checkDataDir } from './data-dir.ts';
import { checkHypervisors } from './hypervisors.ts';
import { checkPrograms } from './programs.ts';
import { checkRights } from './rights.ts';
import { checkSocket } from './socket.ts';

export type DoctorOptions = {
  /** Where not given, what an agent of this user would take. */
  dataDir?: string;
  socket?: string;
  signal?: AbortSignal;
};

/** What this host can do for VMs, found out by trying; needs no agent and changes nothing. Takes a few seconds. */
export async function runDoctor({ dataDir, socket, signal }: DoctorOptions = {}): Promise<DoctorReport> {
  const host = wireHost();
  const rights = host.system.rights();
  const defaults = defaultPaths({ uid: rights.uid, env: process.env });
  const folder = mkdtempSync(join(tmpdir(), 'mvirt-doctor-'));
  try {
    const drivers = wireDrivers(host, { dataDir: null, guestFolder: folder });
    const checks = [
      ...(await checkHypervisors(drivers, signal === undefined ? {} : { signal })),
      ...checkRights(rights, await findGroup(host.programs)),
      ...checkPrograms(host.programs),
      ...checkDataDir(host, resolve(dataDir ?? defaults.dataDir), databaseFile),
      await checkSocket(host.files, resolve(socket ?? defaults.socket)),
    ];
    return { ok: checks.every(({ status }) => status !== 'problem'), checks };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
