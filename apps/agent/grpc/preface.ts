import type { Socket } from 'node:net';

/** `PRI * HTTP/2.0 … SM …`: how every HTTP/2 connection begins (RFC 9113, 3.4). */
const prefaceBytes = 24;
export const prefaceMs = 10_000;

/** Ends a connection on which no HTTP/2 has begun in time: from then on its pings tell whether it lives. Reads nothing itself. */
export function expectPreface(socket: Socket, onLate: () => void, timeoutMs = prefaceMs): void {
  const timer = setTimeout(() => {
    if (socket.bytesRead >= prefaceBytes) return;
    onLate();
    socket.destroy();
  }, timeoutMs);
  socket.once('close', () => clearTimeout(timer));
}
