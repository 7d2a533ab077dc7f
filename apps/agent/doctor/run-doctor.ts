import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { DoctorReport } from '@mvirt/api/schema';
import { findGroup } from '../group.ts';
import { lockFile } from '../lock.ts';
import { databaseFile, wireDrivers, wireHost, wireNetworks } from '../wire.ts';
import { checkLeftovers } from './check-leftovers.ts';
import { checkConfig } from './config.ts';
import { checkDataDir } from './data-dir.ts';
import { checkForwarding } from './forwarding.ts';
import { checkGrpc } from './grpc.ts';
import { checkHypervisors, checkSnapshots } from './hypervisors.ts';
import { checkPrograms } from './programs.ts';
import { checkRights } from './rights.ts';
import { checkSocket } from './socket.ts';

export type DoctorOptions = {
  /** Where not given, what an agent of this user would take. */
  dataDir?: string;
  socket?: string;
  /** Take away what VMs have left. */
  fix?: boolean;
  signal?: AbortSignal;
};

/** What this host can do for VMs, found out by trying; needs no agent, and changes nothing unless it is asked to. Takes a few seconds. */
export async function runDoctor({ dataDir, socket, fix = false, signal }: DoctorOptions = {}): Promise<DoctorReport> {
  const host = wireHost();
  const rights = host.system.rights();
  const { check, config } = checkConfig({ uid: rights.uid, env: process.env, cwd: process.cwd() });
  const directory = resolve(dataDir ?? config.dataDir);
  const folder = mkdtempSync(join(tmpdir(), 'mvirt-doctor-'));
  try {
    const drivers = wireDrivers(host, { dataDir: null, guestFolder: folder });
    const checks = [
      check,
      ...(await checkHypervisors(drivers, signal === undefined ? {} : { signal })),
      ...checkSnapshots(drivers),
      ...checkRights(rights, await findGroup(host.programs)),
      ...checkPrograms(host.programs),
      ...(await checkForwarding(host.programs)),
      ...checkDataDir(host, directory, databaseFile),
      await checkLeftovers({
        host,
        network: wireNetworks(host, { bridge: config.bridge, stateDir: join(directory, 'network') }).network,
        dataDir: directory,
        hasAgent: host.processes.holdersOf(join(directory, lockFile)).length > 0,
        fix,
        ...(signal === undefined ? {} : { signal }),
      }),
      await checkSocket(host.files, resolve(socket ?? config.socket)),
      await checkGrpc(host, directory),
    ];
    return { ok: checks.every(({ status }) => status !== 'problem'), checks };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
