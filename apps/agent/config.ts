import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { invalid, MvirtError } from '@mvirt/domain';
import { z } from 'zod';
import { defaultPaths, type Surroundings } from './defaults.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** A name that the kernel takes for an interface. */
const bridge = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,14}$/, 'must be the name of a bridge, 1 to 15 characters');

/** Bytes of a path that fit into a socket's address: sun_path less its NUL. */
const maxSocketBytes = 107;

const configSchema = z.strictObject({
  'data-dir': z.string().min(1, 'must not be empty'),
  socket: z
    .string()
    .min(1, 'must not be empty')
    .refine((path) => Buffer.byteLength(path) <= maxSocketBytes, 'is longer than the 107 bytes that a socket address holds'),
  bridge: bridge.default('br0'),
  listen: z.literal('off', 'off is the only value so far: clients use the socket').default('off'),
  hypervisor: z.enum(['auto', 'qemu', 'cloud-hypervisor']).default('auto'),
  'log-level': z.enum(logLevels).default('info'),
});

export type AgentConfig = {
  /** Absolute. */
  dataDir: string;
  /** Absolute; may be longer than a socket's address where it was given relative to a long folder. */
  socket: string;
  bridge: string;
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
  return {
    dataDir: resolve(cwd, parsed.data['data-dir']),
    socket: resolve(cwd, parsed.data.socket),
    bridge: parsed.data.bridge,
    hypervisor: parsed.data.hypervisor,
    logLevel: parsed.data['log-level'],
  };
}

const text = { type: 'string' } as const;
const options = { 'data-dir': text, socket: text, bridge: text, listen: text, hypervisor: text, 'log-level': text };

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
  listen: 'leave --listen out, or give --listen off',
  'log-level': `give one of ${logLevels.join(', ')}, with --log-level or MVIRT_LOG`,
};

function flagError(error: z.ZodError, flags: Record<string, string | undefined>): MvirtError {
  const flag = String(error.issues[0]?.path[0] ?? '');
  const { message, code } = invalid(error);
  const hint = hints[flag];
  return new MvirtError({ code, message: `--${message} (it was given as ${flags[flag]})`, ...(hint ? { hint } : {}), cause: error });
}
