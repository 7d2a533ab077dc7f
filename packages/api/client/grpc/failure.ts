import { type Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { MvirtError } from '@mvirt/domain/error';
import { type ErrorCode, errorTable } from '@mvirt/domain/error-table';
import { metadataKeys } from '../../wire/index.ts';

type Row = { code: ErrorCode; hint?: string };

const serversFault: Row = { code: 'INTERNAL', hint: "the server's log has the details" };

/** What each gRPC status becomes here; the code gives the exit status, and the hint where none is named. */
const statusTable: Record<number, Row> = {
  [status.CANCELLED]: { code: 'CANCELLED' },
  [status.UNKNOWN]: serversFault,
  [status.INVALID_ARGUMENT]: { code: 'INVALID_ARGUMENT' },
  [status.DEADLINE_EXCEEDED]: { code: 'TIMEOUT', hint: 'what had begun goes on; try again when the server is less busy' },
  [status.NOT_FOUND]: { code: 'VM_NOT_FOUND' },
  [status.ALREADY_EXISTS]: { code: 'ID_TAKEN' },
  [status.PERMISSION_DENIED]: { code: 'DENIED' },
  [status.RESOURCE_EXHAUSTED]: { code: 'TOO_MANY', hint: "this is beyond the server's limits: give it less, or close what is no longer needed" },
  [status.FAILED_PRECONDITION]: { code: 'WRONG_STATE' },
  [status.ABORTED]: { code: 'WRONG_STATE', hint: 'try again' },
  [status.OUT_OF_RANGE]: { code: 'INVALID_ARGUMENT' },
  [status.UNIMPLEMENTED]: { code: 'UNSUPPORTED', hint: "this server cannot do it; the agent's own socket can: leave out --server" },
  [status.INTERNAL]: serversFault,
  [status.UNAVAILABLE]: { code: 'AGENT_UNREACHABLE', hint: 'what had begun goes on; mvirt list shows it once the server is back' },
  [status.DATA_LOSS]: serversFault,
  [status.UNAUTHENTICATED]: { code: 'DENIED', hint: 'give a certificate that the server knows: --tls-cert and --tls-key' },
};

/** What a status says more exactly of one method. */
const ofMethod: Record<string, Record<number, Row>> = {
  StartVm: { [status.INTERNAL]: { code: 'START_FAILED', hint: "the server's log has what the hypervisor said" } },
  AttachDisk: { [status.ALREADY_EXISTS]: { code: 'DISK_ATTACHED' } },
  DetachDisk: { [status.NOT_FOUND]: { code: 'DISK_NOT_FOUND' } },
  AttachNic: { [status.ALREADY_EXISTS]: { code: 'NIC_ATTACHED' } },
  DetachNic: { [status.NOT_FOUND]: { code: 'NIC_NOT_FOUND' } },
};

/** url: of the server. method: such as StartVm. */
export type FailedCall = { url: string; method: string };

/** What a failed call means, for people. */
export function fromServiceError(error: ServiceError, call: FailedCall): MvirtError {
  if (neverConnected.test(error.details)) return unreachable(error, call.url);
  const row = told(error) ?? ofMethod[call.method]?.[error.code] ?? statusTable[error.code] ?? serversFault;
  return new MvirtError({ ...row, message: messageOf(error, call), cause: error });
}

/** An agent of ours says its own code and hint behind the status. */
function told({ metadata }: ServiceError): Row | null {
  const code = textOf(metadata, metadataKeys.code);
  if (code === null || !isErrorCode(code)) return null;
  const hint = textOf(metadata, metadataKeys.hint);
  return { code, ...(hint === null ? {} : { hint }) };
}

const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorTable, code);

/** A value of metadata, where it is there. */
export function textOf(metadata: Metadata | undefined, key: string): string | null {
  const value = metadata?.get(key)[0];
  return value === undefined ? null : value.toString('utf8');
}

/** How grpc-js says that there was no connection to make the call on. */
const neverConnected = /^(No connection established|Name resolution failed)|Waiting for LB pick/;

function messageOf({ code, details }: ServiceError, { url, method }: FailedCall): string {
  if (code === status.UNIMPLEMENTED) return `the server at ${url} has no ${method}`;
  if (code === status.UNAVAILABLE) return `the server at ${url} went away: ${details}`;
  return details || `the server at ${url} says ${status[code] ?? code} to ${method}, and nothing else`;
}

function unreachable(error: ServiceError, url: string): MvirtError {
  const reason = whyNotConnected(error);
  if (/\bE(ACCES|PERM)\b/.test(reason)) return new MvirtError({ code: 'DENIED', message: `no permission to connect to ${url}`, cause: error });
  return new MvirtError({
    code: 'AGENT_UNREACHABLE',
    message: `no gRPC server answers at ${url}: ${reason}`,
    hint: 'check the address; an agent says no to all but root, its own user and members of the group mvirt',
    cause: error,
  });
}

/** The reason that grpc-js has put in the middle of its own words. */
function whyNotConnected({ code, details }: ServiceError): string {
  if (code === status.DEADLINE_EXCEEDED) return 'no answer';
  const reason = /Last error: (?:Error: )?(.*?)(?: \(\d{4}-[^)]*Z\))?\. Resolution note:/s.exec(details)?.[1] ?? details;
  return reason === 'Failed to connect' ? 'it closed the connection' : reason;
}
