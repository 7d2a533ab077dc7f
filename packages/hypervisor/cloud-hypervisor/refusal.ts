import { type ErrorCode, MvirtError } from '@mvirt/domain';
import { parseJson } from './json.ts';

/** cloud-hypervisor's own refusal of a request. chain: outermost words first. */
export class ApiRefusal extends Error {
  constructor(
    readonly request: string,
    readonly status: number,
    readonly chain: string[],
  ) {
    super(`cloud-hypervisor refused ${request}: ${innermost(chain) ?? `status ${status}`}`);
    this.name = 'ApiRefusal';
  }

  says(words: RegExp): boolean {
    return this.chain.some((line) => words.test(line));
  }
}

/** The body of a refusal: an array of strings since v47, before that plain text, and {"error": …} from its HTTP server. */
export function refusalChain(body: string): string[] {
  const text = body.trim();
  if (text === '') return [];
  const parsed = attempt(text);
  if (Array.isArray(parsed)) return parsed.map(plain).filter((line) => line !== '');
  // The server's own JSON may have a raw newline in its string, which is no JSON.
  const served = /^\{\s*"error":\s*"([\s\S]*)"\s*\}$/.exec(text)?.[1];
  return [plain(served ?? text)];
}

/** What it comes down to, with the words around it where they name the thing; never a back-trace. */
function innermost(chain: string[]): string | null {
  const last = chain.at(-1);
  if (last === undefined) return null;
  const around = chain.length > 3 ? chain.at(-2) : undefined;
  return around === undefined || /^Error (from|triggering) /.test(around) || around.includes(last) ? last : `${around}: ${last}`;
}

const codes: [words: RegExp, code: ErrorCode, hint?: string][] = [
  [/already locked|Failed to get (Read|Write) lock|Error locking disk/, 'DISK_IN_USE'],
  [/Too many open connections/, 'TOO_MANY', 'other programs hold all ten connections to its api.sock: end them'],
  [/No such file or directory/, 'FILE_NOT_FOUND'],
  // SIOCSIFFLAGS: it wants to raise the TAP, and has no right to.
  [/Ioctl failed \(35092\)/, 'HYPERVISOR_ERROR', 'the TAP is down: ip link set dev NAME up, then try again'],
  [/available device slot|available PCI device ID/, 'UNSUPPORTED', 'detach something: a VM has 31 PCI slots'],
  [/vCPUs exceed maximum|space in the hotplug RAM region|No ACPI slot available|not a valid size/, 'UNSUPPORTED'],
];

/** A refusal in our words; anything else is handed on as it is. */
export function asMvirt(error: ApiRefusal): MvirtError;
export function asMvirt(error: unknown): unknown;
export function asMvirt(error: unknown): unknown {
  if (!(error instanceof ApiRefusal)) return error;
  const [, code = 'HYPERVISOR_ERROR', hint] = codes.find(([words]) => error.says(words)) ?? [];
  return new MvirtError({ code, message: error.message, cause: error, ...(hint ? { hint } : {}) });
}

const plain = (line: unknown): string =>
  String(line)
    .split(/\s*\n\s*(?:Stack backtrace|\d+: )/)[0]
    ?.replaceAll(/\s*\n\s*/g, ' ')
    .trim() ?? '';

function attempt(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    // Plain text.
    return null;
  }
}
