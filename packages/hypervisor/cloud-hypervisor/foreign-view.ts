import { statSync } from 'node:fs';
import type { RunRecord } from '@mvirt/domain';
import { foreignSocket } from '../foreign-socket.ts';
import type { EventFact } from './events.ts';
import type { Info } from './replies.ts';

/** What a VMM that writes no events does, found by comparing one look at it with the next. */
export type ForeignView = {
  /** Facts that a look shows, oldest first. */
  seen(info: Info): EventFact[];
};

/** serialSocket: absolute; null: its serial line is no socket, and its resets are not seen. */
export function createForeignView(serialSocket: string | null): ForeignView {
  let paused: boolean | null = null;
  let socket = stampOf(serialSocket);
  let known = false;

  const found = (info: Info): EventFact[] => {
    if (known) return [];
    known = true;
    const disks = info.disks.map(({ path, readonly, format }) => ({ path, readonly, format }));
    return [{ kind: 'devices-found', disks, nics: info.nics.map(({ tap, mac }) => ({ tap, mac })) }];
  };

  /** cloud-hypervisor makes the socket anew whenever it builds its machine anew; the inode's number may be the same (seen on v53.0). */
  const reset = (): EventFact[] => {
    const [before, now] = [socket, stampOf(serialSocket)];
    if (now === null || now === before) return [];
    socket = now;
    return before === null ? [] : [{ kind: 'guest-reset' }];
  };

  const pausing = ({ state }: Info): EventFact[] => {
    const now = state === 'Paused';
    if (now === paused || (!now && state !== 'Running')) return [];
    paused = now;
    return [{ kind: now ? 'guest-paused' : 'guest-resumed' }];
  };

  return { seen: (info) => [...found(info), ...reset(), ...pausing(info)] };
}

function stampOf(path: string | null): string | null {
  const stat = path === null ? undefined : statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat === undefined ? null : `${stat.ino}:${stat.mtimeNs}`;
}

/** The socket on which a VMM of another daemon serves its serial line; null: that daemon had it write into a file. */
export function foreignLine({ runDir, foreign }: Pick<RunRecord, 'runDir' | 'foreign'>): string | null {
  if (foreign === undefined) return null;
  const path = foreignSocket(runDir, foreign.serialSocket);
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? null : path;
}
