import { MvirtError } from '@mvirt/domain/error';
import { errorTable } from '@mvirt/domain/error-table';

/** The MvirtError that a failed call carries: the agent's own, the connection's, or INTERNAL around anything else. */
export function fromTrpcError(thrown: unknown): MvirtError {
  if (thrown instanceof MvirtError) return thrown;
  const told = fromData(thrown);
  if (told !== null) return told;
  if (thrown instanceof Error && thrown.cause instanceof MvirtError) return thrown.cause;
  const said = field(thrown, 'message');
  const message = typeof said === 'string' ? said : String(thrown);
  if (isClosed(thrown)) {
    return new MvirtError({
      code: 'AGENT_UNREACHABLE',
      message: 'the connection to the agent was lost before it answered',
      hint: 'what had begun goes on; mvirt list shows it once the agent is back',
      cause: thrown,
    });
  }
  if (thrown instanceof Error && thrown.name === 'AbortError') return new MvirtError({ code: 'CANCELLED', message: 'cancelled', cause: thrown });
  return new MvirtError({ code: 'INTERNAL', message, cause: thrown });
}

function fromData(thrown: unknown): MvirtError | null {
  const told = field(field(thrown, 'data'), 'mvirt');
  const [code, message, hint] = ['code', 'message', 'hint'].map((key) => field(told, key));
  if (typeof code !== 'string' || typeof message !== 'string') return null;
  // An agent of a later release may know codes that we do not.
  const known = Object.hasOwn(errorTable, code) ? (code as keyof typeof errorTable) : 'INTERNAL';
  return new MvirtError({ code: known, message, ...(typeof hint === 'string' ? { hint } : {}), cause: thrown });
}

/** Of any object; undefined where there is none. */
export function field(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}

/** How @trpc/client says that a WebSocket closed under a call: by a close event or by an error of this name. */
function isClosed(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || thrown.name !== 'TRPCClientError') return false;
  const cause: unknown = thrown.cause;
  if (cause === undefined || cause === null) return thrown.message === '' || field(thrown, 'data') === undefined;
  return field(cause, 'name') === 'TRPCWebSocketClosedError' || typeof field(cause, 'type') === 'string' || typeof field(cause, 'wasClean') === 'boolean';
}
