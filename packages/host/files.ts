/** Files and sockets as Linux gives them, without limits on a path's length. */
export interface HostFiles {
  /** Frees the blocks of [0, length), leaving size and later offsets as they are. 'refused' where the filesystem cannot. */
  punchHole(path: string, length: number): 'done' | 'refused';
  /** Allocated bytes of a file, not its size. */
  allocatedBytes(path: string): number;
  /** Calls back after a change of the file. May miss the last of a burst: read until quiet and poll slowly behind it. */
  watch(path: string, onChange: () => void): Disposable;
  /**
   * `/proc/self/fd/N/NAME` for a socket in a directory whose own path may be longer than 107 bytes.
   * Valid until disposed.
   */
  shortPath(directory: string, name: string): Disposable & { path: string };
  /** A FIFO for its owner alone (0600); one that is there already is kept. */
  makeFifo(path: string): void;
  /**
   * Locks a file (made with mode 0600) for this process alone, until disposed or the process is gone, however it ended.
   * null: another process has it.
   */
  lock(path: string): Disposable | null;
  /**
   * Makes a file (0600) that shares the blocks of another until one of them is written (FICLONE). 'refused', and no file: the
   * filesystem cannot, or they are on two. @throws where it is there already, and DISK_FULL
   */
  clone(from: string, to: string): 'done' | 'refused';
  /** Bytes free for a file in this directory. */
  freeBytes(directory: string): number;
}

export type PeerCredentials = { pid: number; uid: number; gid: number };

/** Who listens on a TCP port; pid and command null where they may not be seen. */
export type TcpListener = { uid: number; pid: number | null; command: string | null };

/** missing: no such file. deaf: a file that nobody listens on. full: somebody does, and takes no connection now. denied: not for us. */
export type UnixListener = { kind: 'listening'; peer: PeerCredentials } | { kind: 'missing' | 'deaf' | 'full' | 'denied' };

export interface HostSockets {
  /** SO_PEERCRED of a connected Unix socket's descriptor; null where the kernel gives none. */
  peerOf(fd: number): PeerCredentials | null;
  /**
   * The user of the process on this host that is connected to this TCP socket, as the kernel's table of sockets has it. null where that cannot be
   * told: it has closed its end, is on another host or in another network namespace. @throws DENIED where there is no table to read
   */
  tcpOwnerOf(fd: number): Promise<number | null>;
  /** Of this network namespace. */
  tcpListenersOn(port: number): Promise<TcpListener[]>;
  /**
   * Who listens on a Unix socket, by a connection that is made for this question and closed at once. The kernel answers for
   * the process that called listen(), also while it is stopped. path: at most 107 bytes.
   */
  listenerOf(path: string): UnixListener;
  /** How many connections to a Unix socket, by the path that its server bound, wait to be taken by it; of this network namespace. */
  untakenOn(path: string): number;
}
