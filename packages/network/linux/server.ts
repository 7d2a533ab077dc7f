import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Processes, type ProcessIdentity, readPlain } from '@mvirt/host';
import { z } from 'zod';
import type { ServerFiles } from '../dnsmasq-text.ts';

export type LivingServer = { process: ProcessIdentity; config: string };

/** 65,535 leases, or as many hosts. */
const mostBytes = 16 * 1024 * 1024;

const recordSchema = z.object({ pid: z.number(), startTicks: z.number(), bootId: z.string() });

/**
 * A network's dnsmasq, across agents: proven by boot id, pid and start time as it was recorded, or, where an agent died
 * before it could record, by the pid that dnsmasq wrote and the configuration that its command line names.
 */
export type ServerRecord = {
  /** null: none lives. */
  find(): LivingServer | null;
  /** After a start. null: it did not live long enough to be seen. */
  record(): LivingServer | null;
};

export function createServerRecord(files: ServerFiles, processes: Pick<Processes, 'identify' | 'isAlive'>): ServerRecord {
  const path = `${files.folder}/server.json`;
  const living = (process: ProcessIdentity): LivingServer => ({ process, config: ownText(files.config) ?? '' });
  const unrecorded = (): ProcessIdentity | null => {
    const pid = Number(/^(\d+)\n?$/.exec(ownText(files.pid) ?? '')?.[1] ?? Number.NaN);
    if (!Number.isInteger(pid)) return null;
    const identity = processes.identify(pid);
    // The order matters: what the command line says is of the process that was identified before.
    return identity !== null && names(readText(`/proc/${pid}/cmdline`), files.config) && processes.isAlive(identity) ? identity : null;
  };
  return {
    find() {
      const recorded = recordSchema.safeParse(json(ownText(path)));
      if (recorded.success && processes.isAlive(recorded.data)) return living(recorded.data);
      const found = unrecorded();
      return found === null ? null : living(found);
    },
    record() {
      const process = unrecorded();
      if (process === null) return null;
      writeFileSync(`${path}.new`, JSON.stringify(process), { mode: 0o600 });
      renameSync(`${path}.new`, path);
      return living(process);
    },
  };
}

const names = (commandLine: string | null, config: string): boolean => commandLine?.split('\0').includes(`--conf-file=${config}`) ?? false;

/** Of the folder that dnsmasq may write to. */
export const ownText = (path: string): string | null => readPlain(path, mostBytes);

export function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // not there
  }
}

function json(text: string | null): unknown {
  try {
    return JSON.parse(text ?? 'null');
  } catch {
    // Half written by an agent that died: as if there were none.
    return null;
  }
}
