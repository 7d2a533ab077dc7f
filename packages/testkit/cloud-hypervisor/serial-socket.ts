import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';

export type SerialSocket = {
  print(text: string): void;
  /** The machine goes: so do its client and the socket's file. */
  close(): void;
};

/** What is printed without a client (serial_buffer of v53.0). */
const ringBytes = 1024 * 1024;
/** It sleeps after a client has gone (serial_manager of v53.0): the next one is connected, and hears nothing so long. */
const sleepMs = 500;

/**
 * serial.mode "Socket" as cloud-hypervisor v53.0 serves it: one client, a second one cuts off the first, what was printed
 * meanwhile first. A client that goes with unread bytes silences it until the machine is built anew. @throws EADDRINUSE
 */
export async function openSerialSocket(path: string, type: (text: string) => void): Promise<SerialSocket> {
  let client: Socket | null = null;
  let ring = Buffer.alloc(0);
  let isDead = false;
  let awakeAtMs = 0;
  const all = new Set<Socket>();

  const attach = (socket: Socket): void => {
    if (isDead || socket.destroyed) return;
    client?.end();
    client = socket;
    socket.write(ring);
    ring = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      const text = bytes.toString('latin1');
      type(text === '\n' ? '\r' : text);
    });
    socket.on('end', () => {
      socket.end();
      awakeAtMs = performance.now() + sleepMs;
    });
    socket.resume();
  };
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    all.add(socket);
    socket.on('error', () => {
      if (socket === client) isDead = true;
    });
    socket.on('close', () => {
      all.delete(socket);
      if (socket === client) client = null;
    });
    setTimeout(attach, Math.max(0, awakeAtMs - performance.now()), socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });

  return {
    print(text) {
      if (client === null || client.writableEnded) ring = Buffer.concat([ring, Buffer.from(text, 'latin1')]).subarray(-ringBytes);
      else client.write(Buffer.from(text, 'latin1'));
    },
    close() {
      isDead = true;
      server.close();
      for (const socket of all) socket.end();
      rmSync(path, { force: true });
    },
  };
}
