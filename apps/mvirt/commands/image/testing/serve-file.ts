import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

type Manners = {
  /** Whether it answers to Range. */
  ranges?: boolean;
  /** Its ETag; null: it says none. */
  version?: string | null;
  /** The first answer ends here, without a word. */
  breakAfterBytes?: number | null;
  /** What every later request gets. */
  status?: number | null;
};

export type FileServer = Disposable & {
  url: string;
  /** From now on; what was asked before is forgotten. */
  will(manners: Manners): void;
  /** The Range of each request. */
  asked(): (string | null)[];
  sentBytes(): number;
};

/** A web server of one file, on loopback. /404, /403 and /500 answer so. */
export function serveFile(bytes: Uint8Array): FileServer {
  let manners: Required<Manners> = { ranges: true, version: '"v1"', breakAfterBytes: null, status: null };
  let asked: (string | null)[] = [];
  let sent = 0;
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const range = request.headers.range ?? null;
    asked.push(range);
    const status = Number(/^\/(\d{3})$/.exec(request.url ?? '')?.[1] ?? (asked.length > 1 ? manners.status : null) ?? 200);
    if (status !== 200) return void response.writeHead(status).end();
    const { version } = manners;
    const same = version !== null && request.headers['if-range'] === version;
    const from = manners.ranges && same ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0;
    const etag = version === null ? {} : { etag: version };
    if (from >= bytes.byteLength) return void response.writeHead(416, { ...etag, 'content-range': `bytes */${bytes.byteLength}` }).end();
    const part = bytes.subarray(from);
    const partial = from > 0 ? { 'content-range': `bytes ${from}-${bytes.byteLength - 1}/${bytes.byteLength}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { ...etag, ...partial, 'content-length': part.byteLength });
    const breakAt = asked.length === 1 ? manners.breakAfterBytes : null;
    const whole = breakAt === null ? part : part.subarray(0, breakAt);
    sent += whole.byteLength;
    if (breakAt === null) return void response.end(whole);
    response.write(whole, () => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  return {
    get url() {
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    will(next) {
      manners = { ranges: true, version: '"v1"', breakAfterBytes: null, status: null, ...next };
      asked = [];
      sent = 0;
    },
    asked: () => asked,
    sentBytes: () => sent,
    [Symbol.dispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
