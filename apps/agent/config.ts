import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { invalid, MvirtError } from '@mvirt/domain';
import { z } from 'zod';
import { defaultPaths, type Surroundings } from './defaults.ts';
import { type ListenAddress, maxSocketBytes } from './grpc/listen-address.ts';
import { parseListen } from './grpc/listen-flags.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** A name that the kernel takes for an interface. */
const bridge = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$/, 'must be the name of a bridge, 1 to 15 characters');

const path = z.string().min(1, 'must not be empty').optional();

const configSchema = z.strictObject({
  'data-dir': z.string().min(1, 'must not be empty'),
  socket: z
    .string()
    .min(1, 'must not be empty')
    .refine((path) => Buffer.byteLength(path) <= maxSocketBytes, `is longer than the ${maxSocketBytes} bytes that a socket address holds`),
  bridge: bridge.default('br0'),
  listen: z.array(z.string()).optional(),
  'grpc-tls-cert': path,
  'grpc-tls-key': path,
  'grpc-tls-ca': path,
  hypervisor: z.enum(['auto', 'qemu', 'cloud-hypervisor']).default('auto'),
  'log-level': z.enum(logLevels).default('info'),
});

export type AgentConfig = {
  /** Absolute. */
  dataDir: string;
  /** Absolute; may be longer than a socket's address where it was given relative to a long folder. */
  socket: string;
  bridge: string;
  /** Where gRPC clients are answered; none: nowhere. */
  listen: ListenAddress[];
  /** Nobody asked for them: an agent that cannot have them goes on without. */
  listenIsDefault: boolean;
  /** Absolute paths of PEM files; null: no TLS. */
  grpcTls: { cert: string; key: string; ca: string } | null;
  hypervisor: 'auto' | 'qemu' | 'cloud-hypervisor';
  logLevel: (typeof logLevels)[number];
};

/** What `mvirt agent FLAGS` asks for. @throws INVALID_ARGUMENT naming the flag */
export function parseConfig(argv: string[], { uid, env, cwd }: Surroundings & { cwd: string }): AgentConfig {
  const given = parseFlags(argv);
  const defaults = defaultPaths({ uid, env });
  const level = given['log-level'] ?? (env.MVIRT_LOG || undefined);
  const flags = { 'data-dir': defaults.dataDir, socket: defaults.socket, ...given, ...(level === undefined ? {} : { 'log-level': level }) };
  const parsed = configSchema.safeParse(flags);
  if (!parsed.success) throw flagError(parsed.error, flags);
  const socket = resolve(cwd, parsed.data.socket);
  return {
    dataDir: resolve(cwd, parsed.data['data-dir']),
    socket,
    bridge: parsed.data.bridge,
    ...parseListen(parsed.data, { cwd, socket }),
    hypervisor: parsed.data.hypervisor,
    logLevel: parsed.data['log-level'],
  };
}

const text = { type: 'string' } as const;
const options = {
  'data-dir': text,
  socket: text,
  bridge: text,
  listen: { ...text, multiple: true },
  'grpc-tls-cert': text,
  'grpc-tls-key': text,
  'grpc-tls-ca': text,
  hypervisor: text,
  'log-level': text,
} as const;

function parseFlags(argv: string[]) {
  try {
    return parseArgs({ args: argv, options, strict: true, allowPositionals: false }).values;
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new MvirtError({
      code: 'INVALID_ARGUMENT',
      message,
      hint: `mvirt agent takes ${Object.keys(options)
        .map((name) => `--${name}`)
        .join(', ')}`,
      cause,
    });
  }
}

const hints: Record<string, string> = {
  socket: 'change into a folder nearer to it and give a relative path',
  'log-level': `give one of ${logLevels.join(', ')}, with --log-level or MVIRT_LOG`,
};

function flagError(error: z.ZodError, flags: Record<string, unknown>): MvirtError {
  const flag = String(error.issues[0]?.path[0] ?? '');
  const { message, code } = invalid(error);
  const hint = hints[flag];
  return new MvirtError({ code, message: `--${message} (it was given as ${flags[flag]})`, ...(hint ? { hint } : {}), cause: error });
}
