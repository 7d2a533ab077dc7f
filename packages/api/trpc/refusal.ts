import { STATUS_CODES } from 'node:http';
import type { MvirtError } from '@mvirt/domain';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { createCodec } from '../schema/codec.ts';
import { errorDocument, toTrpcError } from './errors.ts';

/**
 * A whole HTTP answer for a connection that is refused unread, in the form that our clients read errors from.
 * The connection is to be closed after it.
 */
export function refusal(failure: MvirtError): string {
  const error = toTrpcError(failure);
  const httpStatus = getHTTPStatusCodeFromError(error);
  const shape = { message: error.message, code: -32_603, data: { code: error.code, httpStatus, mvirt: errorDocument(failure) } };
  const body = JSON.stringify({ error: createCodec().serialize(shape) });
  const head = [
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus] ?? 'Refused'}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
