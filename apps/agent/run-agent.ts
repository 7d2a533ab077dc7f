import { buildInfo, errorTable, exitStatus, toMvirtError } from '@mvirt/domain';
import type { Services } from '@mvirt/engine';
import { type AgentConfig, parseConfig } from './config.ts';
import { openDoors } from './door.ts';
import { readTlsFiles } from './grpc/tls-files.ts';
import { agentHelp } from './help.ts';
import { takeDataDir } from './lock.ts';
import { type AgentLog, createLogger } from './logger.ts';
import { notifyReady } from './notify.ts';
import { awaitSignal } from './signals.ts';
import { databaseFile, wireHost, wireServices } from './wire.ts';

/** Time for the engine to let go of its VMs at the end; they live on without it. */
const partingMs = 2000;

/**
 * `mvirt agent FLAGS`: serves until SIGTERM, SIGINT or SIGHUP, which leave every VM running, and answers with the exit status.
 * Says on stdout when the socket answers; logs to stderr.
 */
export async function runAgent(argv: string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(agentHelp());
    return exitStatus.done;
  }
  let log: AgentLog | null = null;
  try {
    const config = parseConfig(argv, { uid: process.geteuid?.() ?? 0, env: process.env, cwd: process.cwd() });
    log = createLogger({ level: config.logLevel });
    return await serve(config, log);
  } catch (thrown) {
    const error = toMvirtError(thrown);
    log?.error(error.message, { code: error.code, ...(error.code === 'INTERNAL' ? { error: String(error.cause) } : {}) });
    process.stderr.write(`mvirt: ${error.message}\nhint: ${error.hint}\n`);
    return errorTable[error.code].exit;
  }
}

async function serve(config: AgentConfig, log: AgentLog): Promise<number> {
  const { version } = buildInfo;
  const nowMs = () => Date.now();
  const tls = config.grpcTls === null ? null : readTlsFiles(config.grpcTls, nowMs());
  for (const warning of tls?.warnings ?? []) log.warn(warning);
  using signals = awaitSignal(['SIGTERM', 'SIGINT', 'SIGHUP']);
  const host = wireHost();
  using _lock = takeDataDir(host, config.dataDir, databaseFile);
  log.info('starting', {
    version,
    pid: process.pid,
    config: config.file,
    dataDir: config.dataDir,
    socket: config.socket,
    hypervisor: config.hypervisor,
    bridge: config.bridge,
  });
  const engine = await wireServices({ config, host, log });
  try {
    await using doors = await openDoors({ config, tls, host, services: engine.services, log, version, nowMs });
    log.info('ready', { socket: config.socket, grpc: doors.grpc });
    process.stdout.write(`mvirt agent is ready on ${[config.socket, ...doors.grpc].join(', ')} (pid ${process.pid})\n`);
    await notifyReady(host.programs, process.env, log);
    const looking = new AbortController();
    const looked = lookAtHypervisors(engine.services, log, looking.signal);
    const signal = await signals.came;
    looking.abort();
    await looked;
    log.info(`leaving on ${signal}: VMs go on`, { signal });
  } finally {
    await part(engine, log);
  }
  return exitStatus.done;
}

/** Probing runs a guest, which takes a while: the door is open meanwhile, and the first start need not wait for it. */
async function lookAtHypervisors({ host }: Services, log: AgentLog, signal: AbortSignal): Promise<void> {
  try {
    const reports = await host.hypervisors({ signal });
    const served = reports.some(({ usable }) => usable);
    for (const { kind, version, usable, accelerator, notes, hint } of reports) {
      if (usable) log.info(`${kind} ${version} runs guests on ${accelerator}`, { notes });
      else log[served ? 'info' : 'warn'](`${kind} is not used`, { notes, hint });
    }
  } catch (error) {
    if (!signal.aborted) log.warn(`hypervisors could not be looked at: ${toMvirtError(error).message}`);
  }
}

async function part(engine: { close(): Promise<void> }, log: AgentLog): Promise<void> {
  const late = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    log.warn('the engine did not let go in time; leaving all the same');
    late.resolve();
  }, partingMs);
  try {
    await Promise.race([engine.close(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
