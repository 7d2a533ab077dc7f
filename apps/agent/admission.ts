import { MvirtError } from '@mvirt/domain';

export type AdmissionDeps = {
  /** The agent's own user. */
  uid: number;
  /** The group whose members may use root's agent; null: none. */
  groupId: number | null;
  groupsOf(uid: number): Promise<number[]>;
  nowMs(): number;
};

/** What the kernel says of a peer: of a Unix socket's all of it, of a TCP connection's the user alone. */
export type Peer = { uid: number; gid?: number; pid?: number };

/** Who may use the agent: root, its own user and, where root runs it, members of the group `mvirt`. */
export interface Admission {
  /** @throws DENIED; a peer that the kernel does not name is refused too. Answers at once for root and the agent's own user. */
  check<P extends Peer>(peer: P | null): Promise<P> | P;
}

/** A change of a user's groups is noticed after this time. */
const memoryMs = 10_000;
const maxRemembered = 1000;

export function createAdmission({ uid, groupId, groupsOf, nowMs }: AdmissionDeps): Admission {
  const remembered = new Map<number, { member: boolean; untilMs: number }>();
  const isMember = async (peerUid: number): Promise<boolean> => {
    if (groupId === null || uid !== 0) return false;
    const known = remembered.get(peerUid);
    if (known !== undefined && known.untilMs > nowMs()) return known.member;
    const member = (await groupsOf(peerUid)).includes(groupId);
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(peerUid, { member, untilMs: nowMs() + memoryMs });
    return member;
  };
  return {
    check(peer) {
      if (peer === null) throw denied('a peer without an identity');
      if (peer.uid === 0 || peer.uid === uid) return peer;
      if (uid === 0 && groupId !== null && peer.gid === groupId) return peer;
      return isMember(peer.uid).then((member) => {
        if (!member) throw denied(`user ${peer.uid}${peer.pid === undefined ? '' : ` (process ${peer.pid})`}`);
        return peer;
      });
    },
  };
}

const denied = (who: string) => new MvirtError({ code: 'DENIED', message: `${who} may not use this agent` });
