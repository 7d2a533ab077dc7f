import { request } from 'node:http';

export type Exchange = { path: string; method: 'GET' | 'PUT'; resource: string; body: string | null; signal: AbortSignal };
export type Answer = { status: number; body: string };

/** Nobody listens on the socket. */
export class NotListening extends Error {}

/** The reply to vm.info of a VM with all its slots taken is some 30 KiB. */
const mostBytes = 4 * 1024 * 1024;

/**
 * One request over one connection of its own; path: of the Unix socket. An abort closes the connection, and a VMM that
 * hangs then drops the request unread when it wakes (tried on v53.0). @throws NotListening, Error where the line broke
 */
export function exchange({ path, method, resource, body, signal }: Exchange): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  // Its server does not decode chunks, and refuses a body where it expects none.
  const headers = body === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const sent = request({ socketPath: path, method, path: `/api/v1/${resource}`, headers, agent: false });
  const leave = (): void => {
    sent.destroy();
    reject(signal.reason);
  };
  sent.on('response', (response) => {
    const parts: Buffer[] = [];
    let held = 0;
    response.on('data', (chunk: Buffer) => {
      held += chunk.length;
      if (held > mostBytes) sent.destroy(new Error('its answer is too long'));
      else parts.push(chunk);
    });
    response.on('error', reject);
    response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }));
  });
  sent.on('error', (error) => reject(isNotListening(error) ? new NotListening('nobody listens', { cause: error }) : error));
  sent.on('close', () => {
    signal.removeEventListener('abort', leave);
    reject(new Error('the line broke'));
  });
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  else sent.end(body ?? undefined);
  return promise;
}

const isNotListening = (error: Error): boolean => 'code' in error && /^(ECONNREFUSED|ENOENT|FailedToOpenSocket)$/.test(String(error.code));
