import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { HostKeyDocument } from '@mvirt/api/schema';
import { MvirtError } from '@mvirt/domain/error';

/** The known_hosts files of our own: one for each VM, the user's is neither read nor written. */
export interface KnownHosts {
  /** The file that an SSH client is given, made where it is to be; pinned: it holds these keys and nothing else. @throws DENIED, INVALID_ARGUMENT */
  file(vmId: string, pinned: readonly HostKeyDocument[] | null): string;
  /** Forgets the key that was trusted on first use. */
  forget(vmId: string): void;
}

export function createKnownHosts(env: Record<string, string | undefined>): KnownHosts {
  const folder = join(env.XDG_STATE_HOME || join(env.HOME || homedir(), '.local', 'state'), 'mvirt', 'known_hosts');
  const firstUse = (vmId: string) => join(folder, aliasOf(vmId));
  return {
    file(vmId, pinned) {
      refuseOdd(folder);
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        if (pinned === null) return firstUse(vmId);
        const path = `${firstUse(vmId)}.console`;
        const part = `${path}.${process.pid}`;
        writeFileSync(part, pinned.map(({ type, key }) => `${aliasOf(vmId)} ${type} ${key}\n`).join(''), { mode: 0o600 });
        renameSync(part, path);
        return path;
      } catch (cause) {
        const hint = 'XDG_STATE_HOME chooses another folder';
        throw new MvirtError({ code: 'DENIED', message: `host keys cannot be kept in ${folder}: ${reason(cause)}`, hint, cause });
      }
    },
    forget: (vmId) => rmSync(firstUse(vmId), { force: true }),
  };
}

/** What the VM is called in known_hosts (HostKeyAlias); in lower case, or ssh never finds it again. */
export const aliasOf = (vmId: string): string => `mvirt-${vmId.replace(/[^A-Za-z0-9._-]/g, '_').toLowerCase()}`;

/** ssh_config has no word for these within quotes. */
function refuseOdd(folder: string): void {
  if (!/["\\\n]|\$\{/.test(folder)) return;
  const hint = 'set XDG_STATE_HOME to one without quotes, backslashes, line ends and ${';
  throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `ssh cannot be told of the folder ${folder}`, hint });
}

const reason = (thrown: unknown): string => (thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown));
