import type { DoctorCheck } from '@mvirt/api/schema';
import type { HostSystem } from '@mvirt/host';
import { groupName } from '../group.ts';
import { ok, warning } from './check.ts';

export type Rights = ReturnType<HostSystem['rights']>;

/** What an agent started by this user may do. group: the number of the group `mvirt`; null: there is none. */
export function checkRights({ uid, netAdmin, tun, kvm }: Rights, group: number | null): DoctorCheck[] {
  return [user(uid, group), network(netAdmin), device('tun', '/dev/net/tun', tun, tunHint), device('kvm', '/dev/kvm', kvm, kvmHint)];
}

const asRoot = 'run the agent as root';
const tunHint = 'modprobe tun; in a container the device must be passed in';
const kvmHint = 'turn virtualization on in the firmware and modprobe kvm_intel or kvm_amd; as an ordinary user join the group kvm';

function user(uid: number, group: number | null): DoctorCheck {
  if (uid !== 0) return warning('rights.user', 'user', `user ${uid}: an agent of this user serves this user alone, with VMs without NICs`, asRoot);
  if (group !== null) return ok('rights.user', 'user', `root; members of the group ${groupName} (${group}) may use the agent`);
  const hint = `groupadd --system ${groupName}, and usermod --append --groups ${groupName} USER for each user`;
  return warning('rights.user', 'user', `root; there is no group ${groupName}, so nobody else may use the agent`, hint);
}

function network(netAdmin: boolean): DoctorCheck {
  if (netAdmin) return ok('rights.network', 'network rights', 'CAP_NET_ADMIN: bridges and TAPs can be made');
  return warning('rights.network', 'network rights', 'no CAP_NET_ADMIN: VMs can have no NIC on a TAP of the agent', asRoot);
}

function device(name: string, path: string, opens: boolean, hint: string): DoctorCheck {
  if (opens) return ok(`rights.${name}`, path, 'opens');
  return warning(`rights.${name}`, path, 'is missing, or does not open for this user', hint);
}
