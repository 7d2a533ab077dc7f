import type { Socket } from 'node:net';
import type { MvirtError } from '@mvirt/domain';
import type { Services } from '@mvirt/engine';

export type GrpcServerDeps = {
  services: Services;
  /** The agent's release, as GetVersion answers. */
  version: string;
  /** A call that failed by a defect of ours (INTERNAL). method: such as CreateVm. */
  onDefect(failure: MvirtError, method: string): void;
  limits?: Partial<GrpcLimits>;
};

export type GrpcLimits = {
  /** Of one message from a client, in bytes. */
  maxMessageBytes: number;
  /** Calls of one connection at once. */
  maxCalls: number;
  /** A client is asked for a sign of life after this time, and cut off when none comes in pongWaitMs. */
  pingMs: number;
  pongWaitMs: number;
  /** How long clients may take to read their last answers when the agent shuts down. */
  closeMs: number;
};

/** VmService on connections that somebody else has accepted. Does not listen by itself. */
export type GrpcServer = {
  /**
   * Serves a client that was let in: from a TCP or Unix socket's server, of which no byte was read, or a TLS socket after its handshake.
   * Listens for the socket's errors from here on.
   */
  accept(socket: Socket): void;
  /** Connections now. */
  clients(): number;
  /** Ends all streams with UNAVAILABLE, cuts off every client. */
  close(): Promise<void>;
};
