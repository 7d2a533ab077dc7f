import { mkdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '@mvirt/domain';
import type { HostFiles } from '@mvirt/host';
import type { ConsoleMessage } from '../services.ts';

export const rawSocketName = 'serial.sock';

/** Disposed, it lets all clients go at once. */
export interface RawSocket extends Disposable {
  /** The run is over: nobody new, and who is there gets the rest, within some seconds. */
  end(): void;
}

/** For clients that do not read: what they miss is in the log. */
const drainMs = 5000;

export type RawSocketDeps = {
  clock: Pick<Clock, 'after'>;
  files: Pick<HostFiles, 'shortPath'>;
  directory: string;
  attach: (signal: AbortSignal) => AsyncIterable<ConsoleMessage>;
  write: (bytes: Uint8Array, signal: AbortSignal) => Promise<void>;
  warn: (message: string, error: unknown) => void;
};

/**
 * serial.sock in the run directory, for socat and the like: raw bytes, live from the connection on, any number of
 * clients, for the socket's owner alone (0600). Clients are let go when the run ends, after its last byte.
 */
export function serveRawSocket({ clock, files, directory, attach, write, warn }: RawSocketDeps): RawSocket {
  const path = join(directory, rawSocketName);
  const stop = new AbortController();
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    serve({ socket, attach, write, stop: stop.signal }).catch((error: unknown) => warn('a client of its serial.sock was let go', error));
  });
  server.on('error', (error) => warn('its serial.sock is not served', error));
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  rmSync(path, { force: true });
  const short = files.shortPath(directory, rawSocketName);
  // The mode from birth on: bind() happens in listen(), before it returns.
  const umask = process.umask(0o177);
  try {
    server.listen(short.path);
  } finally {
    process.umask(umask);
  }
  let listening = true;
  const endListening = () => {
    if (!listening) return;
    listening = false;
    server.close();
    rmSync(path, { force: true });
    short[Symbol.dispose]();
  };
  return {
    end() {
      endListening();
      const late = clock.after(drainMs, () => stop.abort());
      server.once('close', () => late[Symbol.dispose]());
    },
    [Symbol.dispose]() {
      endListening();
      stop.abort();
    },
  };
}

type Client = { socket: Socket; stop: AbortSignal } & Pick<RawSocketDeps, 'attach' | 'write'>;

async function serve({ socket, attach, write, stop }: Client): Promise<void> {
  const gone = new AbortController();
  const leave = () => gone.abort();
  socket.on('close', leave);
  // A reset is an ordinary end for a raw client; 'close' follows.
  socket.on('error', leave);
  stop.addEventListener('abort', leave, { once: true });
  socket.on('data', (bytes) => {
    socket.pause();
    // Not running, or the guest does not read: there is no way to tell a raw client.
    const taken = write(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, gone.signal).catch(() => {});
    void taken.then(() => socket.resume());
  });
  socket.resume();
  try {
    for await (const message of attach(gone.signal)) {
      if (message.kind === 'run' && !message.running) break;
      if (message.kind === 'data' && !socket.write(message.bytes)) await drained(socket, gone.signal);
    }
    socket.end();
  } finally {
    stop.removeEventListener('abort', leave);
    gone.abort();
    if (!socket.writableEnded) socket.destroy();
  }
}

function drained(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    socket.on('drain', done);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
