import { createHash } from 'node:crypto';
import { MvirtError } from '@mvirt/domain/error';
import { usageError } from '../../cli/usage-error.ts';
import type { Opened, Source } from './source.ts';

/** A server that says nothing for so long is taken for gone. */
const stallMs = 60_000;

/** An image on a web server, from where an earlier download has left it. @throws INVALID_ARGUMENT */
export function downloadSource(text: string): Source {
  const url = URL.parse(text);
  if (url === null) throw usageError(`${text}: is no URL`);
  const resumeKey = createHash('sha256').update(url.href).digest('hex');
  return { shown: shownUrl(url), resumeKey, open: (from, signal) => openUrl(url, from, signal) };
}

/** Without what may be secret: a password, and keys in the query. */
function shownUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

async function openUrl(url: URL, { offset, validator }: { offset: number; validator: string | null }, signal: AbortSignal): Promise<Opened> {
  const goesOn = offset > 0 && validator !== null;
  const response = await ask(url, goesOn ? { range: `bytes=${offset}-`, 'if-range': validator } : {}, signal);
  if (response.status === 416 && goesOn) {
    await response.body?.cancel();
    // All of it was there already.
    if (rangeOf(response)?.total === offset) return { offset, validator, totalBytes: offset, pieces: nothing() };
    return openUrl(url, { offset: 0, validator: null }, signal);
  }
  if (response.status !== 200 && response.status !== 206) throw await refusal(url, response);
  const range = response.status === 206 ? rangeOf(response) : null;
  if (response.status === 206 && range?.from !== offset) {
    // A part that nobody asked for: it would come each time.
    if (!goesOn) throw await refusal(url, response);
    await response.body?.cancel();
    return openUrl(url, { offset: 0, validator: null }, signal);
  }
  const from = range === null ? 0 : offset;
  const totalBytes = range === null ? lengthOf(response) : range.total;
  return { offset: from, validator: validatorOf(response), totalBytes, pieces: bodyOf(url, response, { from, totalBytes, signal }) };
}

async function ask(url: URL, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  try {
    // As they are: what is packed for the way alone would be counted and hashed unpacked. No time limit of Bun's own.
    const init = { headers: { ...headers, 'accept-encoding': 'identity' }, signal, decompress: false, timeout: false };
    return await fetch(url, init as RequestInit);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    throw broken(url, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  }
}

async function* bodyOf(
  url: URL,
  { body }: Response,
  { from, totalBytes, signal }: { from: number; totalBytes: number | null; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  let at = from;
  const reader = body?.getReader();
  try {
    for (;;) {
      const { done, value } = reader === undefined ? { done: true, value: undefined } : await inTime(url, reader.read());
      if (done || value === undefined) break;
      at += value.byteLength;
      yield value;
    }
  } catch (thrown) {
    if (signal.aborted || thrown instanceof MvirtError) throw thrown;
    throw broken(url, thrown instanceof Error ? thrown.message : String(thrown), thrown);
  } finally {
    // What went wrong is told already.
    await reader?.cancel().catch(() => {});
  }
  if (totalBytes !== null && at !== totalBytes) throw broken(url, `the connection ended after ${at} of ${totalBytes} bytes`);
}

async function inTime<T>(url: URL, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(broken(url, `nothing came for ${stallMs / 1000} s`)), stallMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Content-Range: bytes 5-9/10, or bytes * /10 where there is nothing to send (RFC 9110, 14.4). */
function rangeOf({ headers }: Response): { from: number | null; total: number | null } | null {
  const match = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  if (match === null) return null;
  return { from: match[1] === undefined ? null : Number(match[1]), total: match[2] === '*' ? null : Number(match[2]) };
}

function lengthOf({ headers }: Response): number | null {
  const length = headers.get('content-length');
  return length === null || !/^\d+$/.test(length) ? null : Number(length);
}

/** What If-Range takes: a strong ETag, else a date (RFC 9110, 13.1.5). */
function validatorOf({ headers }: Response): string | null {
  const etag = headers.get('etag');
  return etag?.startsWith('"') ? etag : headers.get('last-modified');
}

async function refusal(url: URL, response: Response): Promise<MvirtError> {
  await response.body?.cancel();
  const { status, statusText } = response;
  const message = `${shownUrl(url)}: the server says ${status} ${statusText}`.trimEnd();
  if (status === 404 || status === 410) return new MvirtError({ code: 'FILE_NOT_FOUND', message, hint: 'check the URL' });
  if (status === 401 || status === 403) return new MvirtError({ code: 'DENIED', message, hint: 'fetch it by other means, and import the file' });
  return new MvirtError({ code: 'DOWNLOAD_REFUSED', message, hint: 'try again later: what has come so far is kept' });
}

/** Bun's own words come with advice for programmers. */
const broken = (url: URL, why: string, cause?: unknown): MvirtError =>
  new MvirtError({
    code: 'DOWNLOAD_FAILED',
    message: `${shownUrl(url)}: ${why.replace(/\.? For more information, .*$/s, '')}`,
    ...(cause === undefined ? {} : { cause }),
  });
