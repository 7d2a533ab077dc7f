import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { invalid, MvirtError, toMvirtError } from '@mvirt/domain';
import { z } from 'zod';
import { type ConfigFile, readConfigFile } from './config-file.ts';
import { defaultPaths, type Surroundings } from './defaults.ts';
import { type ListenAddress, maxSocketBytes } from './grpc/listen-address.ts';
import { parseListen } from './grpc/listen-flags.ts';
import { configFlag, hypervisorChoices, logLevels, type SettingName, settings } from './settings.ts';

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
  hypervisor: z.enum(hypervisorChoices).default('auto'),
  'log-level': z.enum(logLevels).default('info'),
} satisfies Record<SettingName, z.ZodType>);

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
  /** The file that was read; null: none. */
  file: string | null;
};

/** What `mvirt agent FLAGS` asks for: a flag, else the environment, else the configuration file. @throws INVALID_ARGUMENT naming the flag, or the file and its line */
export function parseConfig(argv: string[], { uid, env, cwd }: Surroundings & { cwd: string }): AgentConfig {
  const { config, ...flags } = parseFlags(argv);
  const defaults = defaultPaths({ uid, env });
  const file = findFile(config === undefined ? undefined : resolve(cwd, config), config === noFile, defaults.configFile);
  const given = { ...valuesOf(file), ...fromEnv(env), ...flags };
  const fromFile = (name: string): number | undefined => (name in flags || name in fromEnv(env) ? undefined : file?.lines[name as SettingName]);
  const values = { 'data-dir': defaults.dataDir, socket: defaults.socket, ...given };
  try {
    const parsed = configSchema.safeParse(values);
    if (!parsed.success) throw flagError(parsed.error, values);
    const socket = resolve(cwd, parsed.data.socket);
    return {
      dataDir: resolve(cwd, parsed.data['data-dir']),
      socket,
      bridge: parsed.data.bridge,
      ...parseListen(parsed.data, { cwd, socket }),
      hypervisor: parsed.data.hypervisor,
      logLevel: parsed.data['log-level'],
      file: file?.path ?? null,
    };
  } catch (thrown) {
    throw inFile(toMvirtError(thrown), file, fromFile);
  }
}

/** What --config takes for no file at all. */
const noFile = 'none';

function findFile(named: string | undefined, unwanted: boolean, usual: string): ConfigFile | null {
  if (unwanted) return null;
  const file = readConfigFile(named ?? usual);
  if (file !== null || named === undefined) return file;
  throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `--config: ${named} is not there`, hint: `name a file that is, or --config ${noFile}` });
}

/** Settings that may be repeated have a list, the others one value. */
function valuesOf(file: ConfigFile | null): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const { name, many } of settings) {
    const list = file?.values[name];
    if (list !== undefined) found[name] = many ? list : (list[0] ?? '');
  }
  return found;
}

function fromEnv(env: Surroundings['env']): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, env: variable } of settings) {
    const value = variable === undefined ? undefined : env[variable];
    if (value) found[name] = value;
  }
  return found;
}

const options = Object.fromEntries(
  [...settings, configFlag].map((setting) => [setting.name, { type: 'string' as const, ...('many' in setting ? { multiple: true } : {}) }]),
);

function parseFlags(argv: string[]): Record<string, string | string[]> & { config?: string } {
  try {
    const { values } = parseArgs({ args: argv, options, strict: true, allowPositionals: false });
    // Every option is text, or a list of it.
    return values as Record<string, string | string[]> & { config?: string };
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

/** An error that names a flag names the line instead, where the value came from there. */
function inFile(error: MvirtError, file: ConfigFile | null, lineOf: (name: string) => number | undefined): MvirtError {
  const [, name = '', rest = ''] = /^--([a-z-]+): (.*)$/s.exec(error.message) ?? [];
  const line = lineOf(name);
  if (file === null || line === undefined) return error;
  return new MvirtError({
    code: error.code,
    message: `${file.path}, line ${line}: ${name}: ${rest}`,
    hint: name === 'socket' ? 'give a shorter path' : error.hint,
    cause: error,
  });
}
