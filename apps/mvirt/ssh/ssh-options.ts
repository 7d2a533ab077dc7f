import { aliasOf } from './known-hosts.ts';

export type SshPlace = {
  vmId: string;
  address: string;
  user: string;
  knownHosts: string;
  /** The keys are known: another one is refused. Else the first that is shown is trusted. */
  pinned: boolean;
  /** argv of a program that speaks to the guest's SSH server on its stdin and stdout; null: the address is reached directly. */
  proxy: readonly string[] | null;
  /** The user's own. */
  more: readonly string[];
};

/** Options for ssh, scp and sftp (ssh_config(5)). Ours come first, for the first one counts: neither the user's files nor `more` weaken them. */
export function sshOptions({ vmId, address, user, knownHosts, pinned, proxy, more }: SshPlace): string[] {
  const settings = [
    `HostName=${address}`,
    `User=${user}`,
    `HostKeyAlias=${aliasOf(vmId)}`,
    `UserKnownHostsFile="${knownHosts.replaceAll('%', '%%')}"`,
    'GlobalKnownHostsFile=/dev/null',
    `StrictHostKeyChecking=${pinned ? 'yes' : 'accept-new'}`,
    // Addresses go from VM to VM: what is known of one says nothing.
    'CheckHostIP=no',
    'UpdateHostKeys=no',
    'VerifyHostKeyDNS=no',
    'ControlPath=none',
    `ProxyCommand=${proxy === null ? 'none' : shellWords(proxy).replaceAll('%', '%%')}`,
  ];
  return [...settings, ...more].flatMap((setting) => ['-o', setting]);
}

/** For the user's shell, which ssh runs a ProxyCommand by. */
const shellWords = (argv: readonly string[]): string => argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
