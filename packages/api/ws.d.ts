/** What we use of ws, which ships no types. Bun answers the import with an implementation of its own. */
declare module 'ws' {
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  /** Takes `ws+unix:/path/of.sock:/path` besides `ws://`. */
  export const WebSocket: typeof globalThis.WebSocket;
  /** As a type: an accepted connection, which is what @trpc/server means by it. */
  export type WebSocket = ServerSocket;

  /** One accepted connection. */
  export interface ServerSocket {
    readonly readyState: number;
    /** Bytes that wait to be sent. */
    readonly bufferedAmount: number;
    on(event: 'close' | 'error', listener: () => void): this;
    close(code?: number, reason?: string): void;
    terminate(): void;
  }

  export class WebSocketServer {
    constructor(options: { noServer: true; maxPayload: number; perMessageDeflate: false });
    readonly clients: Set<ServerSocket>;
    handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, callback: (socket: ServerSocket, request: IncomingMessage) => void): void;
    on(event: 'connection', listener: (socket: ServerSocket, request: IncomingMessage) => void): this;
    emit(event: 'connection', socket: ServerSocket, request: IncomingMessage): boolean;
    close(): void;
  }
}
