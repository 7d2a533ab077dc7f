import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { control, type ErrorCode, errorTable, type GrpcStatus, MvirtError, toMvirtError } from '@mvirt/domain';
import { metadataKeys } from '../wire/index.ts';

/** Clients take 8 KiB of headers; text is percent-encoded there. */
const maxDetailsLength = 4096;
const maxNoteBytes = 1024;

/** A failure as gRPC carries it: text for people, our code and hint in the trailing metadata. */
export function statusOf(failure: MvirtError, method: string): StatusObject {
  const metadata = new Metadata();
  metadata.set(metadataKeys.code, failure.code);
  metadata.set(metadataKeys.hint, noteBytes(failure.hint));
  return { code: status[statusName(failure.code, method)], details: detailsOf(failure.message), metadata };
}

const startStatuses: readonly GrpcStatus[] = ['NOT_FOUND', 'INTERNAL', 'DEADLINE_EXCEEDED', 'CANCELLED', 'UNAVAILABLE'];

/** Of StartVm, FAILED_PRECONDITION says that the VM is in another state: whatever else keeps it from starting is a start that failed. */
function statusName(code: ErrorCode, method: string): GrpcStatus {
  const { grpc } = errorTable[code];
  return method !== 'StartVm' || code === 'WRONG_STATE' || startStatuses.includes(grpc) ? grpc : 'INTERNAL';
}

/** Whatever a call threw. closing: the agent is shutting down, which is why it was given up. */
export function failureOf(thrown: unknown, closing: AbortSignal): MvirtError {
  const isAbort = thrown instanceof Error && thrown.name === 'AbortError';
  const failure = isAbort ? new MvirtError({ code: 'CANCELLED', message: 'the client has hung up', cause: thrown }) : toMvirtError(thrown);
  return closing.aborted && failure.code === 'CANCELLED' ? shuttingDown(thrown) : failure;
}

export const shuttingDown = (cause?: unknown): MvirtError =>
  new MvirtError({ code: 'AGENT_UNREACHABLE', message: 'the agent is shutting down', hint: 'VMs run on; try again when it is back', cause });

/** Text beside an answer that succeeded. */
export function noteOf(text: string): Metadata {
  const metadata = new Metadata();
  metadata.set(metadataKeys.note, noteBytes(text));
  return metadata;
}

const noteBytes = (text: string): Buffer => Buffer.from(Buffer.from(text).subarray(0, maxNoteBytes).toString('utf8'));

/** Without what a terminal would obey, and cut where it is too long to be sent. */
function detailsOf(message: string): string {
  let details = '';
  let length = 0;
  for (const character of message.toWellFormed()) {
    const shown = character !== '\n' && control.test(character) ? `\\u{${character.charCodeAt(0).toString(16)}}` : character;
    length += encodeURI(shown).length;
    if (length > maxDetailsLength) return `${details}…`;
    details += shown;
  }
  return details;
}
