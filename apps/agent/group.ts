import type { Programs } from '@mvirt/host';

/** Members may use the agent that root runs. */
export const groupName = 'mvirt';

const timeoutMs = 5000;

/** The number of the group `mvirt`, also where it comes from a directory service (NSS); null where there is none. */
export async function findGroup(programs: Programs): Promise<number | null> {
  if (programs.find('getent') === null) return null;
  try {
    const { stdout } = await programs.run(['getent', 'group', groupName], { timeoutMs });
    const gid = stdout.split(':')[2];
    return gid === undefined || !/^\d+$/.test(gid) ? null : Number(gid);
  } catch {
    // getent exits 2 for a group that does not exist; whatever else it says, there is no group to go by.
    return null;
  }
}

/** Every group of a user, by NSS; none where the user is unknown. */
export async function groupsOf(programs: Programs, uid: number): Promise<number[]> {
  try {
    const { stdout } = await programs.run(['id', '-G', String(uid)], { timeoutMs });
    return stdout.trim().split(/\s+/).map(Number);
  } catch {
    // No such user, or NSS does not answer: such a user is a member of nothing.
    return [];
  }
}
