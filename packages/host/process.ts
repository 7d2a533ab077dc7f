import type { ProcessIdentity } from '@mvirt/domain';

export type { ProcessIdentity };

export type SignalName = 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT';

export interface Processes {
  readonly bootId: string;
  /** null where no such process lives; a zombie does not live. */
  identify(pid: number): ProcessIdentity | null;
  /** Boot id, pid, start time and "not a zombie" all match. */
  isAlive(identity: ProcessIdentity): boolean;
  /** Through a pidfd that is opened before the identity is checked, so that no other process is ever hit. */
  signal(identity: ProcessIdentity, signal: SignalName): 'sent' | 'gone';
  /** Calls back once, at once after the process has ended (also for one that is no child of ours). */
  onEnd(identity: ProcessIdentity, callback: () => void): Disposable;
  /** Live processes whose working directory is this one: a VMM that was spawned and not yet recorded. */
  findByCwd(directory: string): ProcessIdentity[];
  /** Pids, other than our own, that hold this file open. */
  holdersOf(path: string): { pid: number; command: string }[];
}
