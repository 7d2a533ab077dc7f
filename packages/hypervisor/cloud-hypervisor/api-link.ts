import { basename, dirname } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { HostFiles } from '@mvirt/host';
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import { createLock } from '../lock.ts';
import { type Answer, exchange, NotListening } from './exchange.ts';
import { parseJson } from './json.ts';
import { ApiRefusal, refusalChain } from './refusal.ts';

export type ApiCallOptions = { timeoutMs?: number; signal?: AbortSignal };

/**
 * The line to one cloud-hypervisor. One request at a time, as its server takes them one after another anyway; each call's
 * deadline counts from when it was made. All @throws ApiRefusal, MvirtError HYPERVISOR_UNRESPONSIVE, HYPERVISOR_ERROR
 * where the line broke, NotListening.
 */
export type ApiLink = {
  get<T>(resource: string, reply: z.ZodType<T>, options: ApiCallOptions): Promise<T>;
  put(resource: string, body: object | null, options: ApiCallOptions): Promise<void>;
  close(): void;
};

export type ApiLinkDeps = {
  /** Absolute. */
  socketPath: string;
  files: Pick<HostFiles, 'shortPath'>;
  clock: Clock;
  /** It lives and answers. */
  onAnswer: () => void;
  /** A call's time was over. */
  onSilence: () => void;
};

const callMs = 3000;
/** Its HTTP server takes no more (v53). */
const mostBodyBytes = 51_200;
const mostWaiting = 64;

export function createApiLink({ socketPath, files, clock, onAnswer, onSilence }: ApiLinkDeps): ApiLink {
  const inLine = createLock();
  const leaving = new AbortController();
  let waiting = 0;

  const send = async (method: 'GET' | 'PUT', resource: string, body: string | null, signal: AbortSignal): Promise<Answer> => {
    signal.throwIfAborted();
    using socket = openShort(files, socketPath);
    return await exchange({ path: socket.path, method, resource, body, signal });
  };

  const unresponsive = (resource: string, timeoutMs: number): MvirtError => {
    onSilence();
    return new MvirtError({ code: 'HYPERVISOR_UNRESPONSIVE', message: `cloud-hypervisor did not answer ${resource} within ${timeoutMs / 1000} s` });
  };

  const call = async (method: 'GET' | 'PUT', resource: string, body: string | null, options: ApiCallOptions): Promise<string> => {
    const { timeoutMs = callMs, signal } = options;
    signal?.throwIfAborted();
    if (waiting >= mostWaiting) throw new MvirtError({ code: 'HYPERVISOR_UNRESPONSIVE', message: `${waiting} calls wait for cloud-hypervisor already` });
    const overdue = new AbortController();
    using _timer = clock.after(timeoutMs, () => overdue.abort());
    const until = AbortSignal.any([overdue.signal, leaving.signal, ...(signal ? [signal] : [])]);
    waiting += 1;
    try {
      const { status, body: text } = await inLine(() => send(method, resource, body, until));
      onAnswer();
      if (status >= 200 && status < 300) return text;
      throw new ApiRefusal(resource, status, refusalChain(text));
    } catch (error) {
      if (error instanceof ApiRefusal || error instanceof NotListening) throw error;
      signal?.throwIfAborted();
      if (overdue.signal.aborted) throw unresponsive(resource, timeoutMs);
      throw new MvirtError({ code: 'HYPERVISOR_ERROR', message: `the line to cloud-hypervisor broke before it answered ${resource}`, cause: error });
    } finally {
      waiting -= 1;
    }
  };

  return {
    async get(resource, reply, options) {
      const text = await call('GET', resource, null, options);
      const parsed = reply.safeParse(attempt(text));
      if (parsed.success) return parsed.data;
      throw new MvirtError({ code: 'HYPERVISOR_ERROR', message: `cloud-hypervisor answered ${resource} with something unexpected`, cause: parsed.error });
    },
    async put(resource, body, options) {
      const text = body === null ? null : JSON.stringify(body);
      if (text !== null && Buffer.byteLength(text) > mostBodyBytes) {
        throw new MvirtError({
          code: 'UNSUPPORTED',
          message: `${resource}: its ${Buffer.byteLength(text)} bytes are more than the ${mostBodyBytes} that cloud-hypervisor takes`,
        });
      }
      await call('PUT', resource, text, options);
    },
    close: () => leaving.abort(),
  };
}

function openShort(files: ApiLinkDeps['files'], path: string): Disposable & { path: string } {
  try {
    return files.shortPath(dirname(path), basename(path));
  } catch (error) {
    throw new NotListening('the run directory is gone', { cause: error });
  }
}

function attempt(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // No JSON: the schema says so.
    return undefined;
  }
}
