import type { AgentApi } from '@mvirt/api/client';
import { networkPlace } from '@mvirt/api/client/network-place';
import type { SshCommand, SshTargetDocument } from '@mvirt/api/schema';
import { vmNameSchema } from '@mvirt/domain';
import { usageError } from '../cli/usage-error.ts';
import { aliasOf, createKnownHosts } from './known-hosts.ts';
import { ownProgram } from './own-program.ts';
import { sshOptions } from './ssh-options.ts';

export type SshDeps = {
  api: AgentApi;
  /** The agent's. */
  socketPath: string;
  env: Record<string, string | undefined>;
  signal: AbortSignal;
  /** Told what takes time. */
  note: (text: string) => void;
};

export type SshRequest = { vm: string; user?: string | undefined; more?: readonly string[] };

/** Whom people log in as where nobody says otherwise. */
const defaultUser = 'root';

/** A VM that answers to SSH. argv: options for ssh and scp alike; host: what they are to call it. */
export type SshPlan = SshCommand & { host: string };

/** @throws VM_NOT_FOUND, WRONG_STATE where it cannot be reached, INVALID_ARGUMENT, DENIED, AGENT_UNREACHABLE */
export async function prepareSsh(deps: SshDeps, { vm, user: asked, more = [] }: SshRequest): Promise<SshPlan> {
  refuseOdd(asked, more);
  const target = await findTarget(deps, vm);
  const { vmId, vmName, address, hostKeys } = target;
  const user = asked ?? target.user ?? defaultUser;
  const knownHosts = createKnownHosts(deps.env).file(vmId, hostKeys);
  const here = networkPlace();
  const proxy = here !== null && here === target.network ? null : [...ownProgram(), '--socket', deps.socketPath, 'ssh', '--stdio', vmId];
  const argv = sshOptions({ vmId, address, user, knownHosts, pinned: hostKeys !== null, proxy, more });
  // A name that the user may have a section for in ssh_config.
  const host = vmName !== null && vmNameSchema.safeParse(vmName).success ? vmName : aliasOf(vmId);
  return { vmId, vmName, address, user, hostKeys: hostKeys === null ? 'first-use' : 'console', knownHosts, argv, host };
}

async function findTarget({ api, signal, note }: SshDeps, vm: string): Promise<SshTargetDocument> {
  const target = await api.ssh.target.query({ vm }, { signal });
  if (target.hostKeys !== null || target.keysDueMs === 0) return target;
  const label = target.vmName ?? target.vmId;
  note(`waiting for the host keys that a first boot prints at its end, at most ${Math.ceil(target.keysDueMs / 1000)} s`);
  note(`a guest that prints none: mvirt ssh --forget-host-key ${label} trusts the key that it shows`);
  return await api.ssh.target.query({ vm, keysWithinMs: Math.ceil(target.keysDueMs) }, { signal });
}

/** What ssh would take for something else. */
function refuseOdd(user: string | undefined, more: readonly string[]): void {
  if (user !== undefined && !/^[A-Za-z0-9_.][A-Za-z0-9_.@+-]*\$?$/.test(user)) throw usageError(`--user: "${user}" is not a user's name`);
  const bad = more.find((setting) => !/^[A-Za-z]+[\s=]/.test(setting));
  if (bad !== undefined) throw usageError(`--option: "${bad}" is not of the form NAME=VALUE (man ssh_config)`);
}
