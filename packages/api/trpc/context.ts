import type { Services } from '@mvirt/engine';
import type { AgentStatus } from '../schema/index.ts';

/** Who is at the other end of a Unix socket, from the kernel. */
export type Peer = { pid: number; uid: number; gid: number };

/** What calls need to know of the connection they came on. */
export type Connection = {
  /** null: not a socket that the kernel knows a peer of. */
  peer: Peer | null;
  /** Aborts when the client has gone. */
  signal: AbortSignal;
  /** Resolves when little enough waits to be sent: tRPC has no back-pressure of its own. Also once the signal aborts. */
  writable(signal: AbortSignal): Promise<void>;
  /** Counts one running call in, until disposed. @throws TOO_MANY */
  enter(): Disposable;
};

export type ApiContext = {
  services: Services;
  connection: Connection;
  status(): AgentStatus;
};
