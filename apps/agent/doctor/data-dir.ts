import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DoctorCheck } from '@mvirt/api/schema';
import type { Host } from '@mvirt/host';
import { type Holder, lockFile } from '../lock.ts';
import { ok, problem, warning } from './check.ts';

const bytesPerMib = 1 << 20;
/** Below this consoles and databases soon have no room; below the second an agent should not be started. */
const littleRoomMib = 2048;
const noRoomMib = 256;

/** The data directory: who may write there, who holds it, and how much room there is. Changes nothing. */
export function checkDataDir({ files, processes }: Pick<Host, 'files' | 'processes'>, dataDir: string, databaseFile: string): DoctorCheck[] {
  const folder = existing(dataDir);
  return [
    state(dataDir, folder, processes.holdersOf(join(dataDir, lockFile)), processes.holdersOf(join(dataDir, databaseFile))),
    room(folder, files.freeBytes(folder)),
  ];
}

function state(dataDir: string, folder: string, agents: Holder[], readers: Holder[]): DoctorCheck {
  const [id, title] = ['data-dir.state', 'data directory'];
  const elsewhere = 'choose another one with --data-dir, or run as its owner';
  if (folder === dataDir && !statSync(folder).isDirectory()) return problem(id, title, `${dataDir} is no directory`, elsewhere);
  if (!writable(folder)) return problem(id, title, `${folder} cannot be written by this user`, elsewhere);
  const [agent] = agents;
  if (agent) return ok(id, title, `${dataDir}: an agent uses it, process ${agent.pid} (${agent.command})`);
  const [reader] = readers;
  if (reader) {
    const hint = `stop process ${reader.pid}: no agent starts while it has the database open`;
    return problem(id, title, `${dataDir}: its database is open in process ${reader.pid} (${reader.command}), which is no agent`, hint);
  }
  return ok(id, title, folder === dataDir ? `${dataDir}: no agent uses it` : `${dataDir} does not exist yet: the agent makes it`);
}

function room(folder: string, freeBytes: number): DoctorCheck {
  const [id, title] = ['data-dir.room', 'room on disk'];
  const freeMib = Math.floor(freeBytes / bytesPerMib);
  const detail = `${freeMib} MiB free for ${folder}`;
  if (freeMib >= littleRoomMib) return ok(id, title, detail);
  const hint = 'make room: console output of guests is dropped while the filesystem is full';
  return freeMib < noRoomMib ? problem(id, title, detail, hint) : warning(id, title, detail, hint);
}

/** The folder itself, or the nearest one above that exists. */
function existing(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : existing(dirname(folder));
}

function writable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    // Not for this user: that is the answer.
    return false;
  }
}
