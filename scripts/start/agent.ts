// The agent of this checkout, in the namespace that its holder keeps.
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type AgentApi, createOneShot } from '@mvirt/api/client';
import type { ProcessIdentity } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import { enter, holdNamespace, livingVmm, loopbackOf } from './namespace.ts';
import { agentLog, dataDir, folder, grpcSocket, mvirtProgram, root, short, socket } from './places.ts';
import { createProcessFile } from './process-file.ts';
import { stopAll } from './stop-all.ts';
import { until } from './until.ts';

export interface StartedAgent {
  readonly api: AgentApi;
  /** Starts it where it does not live; resolves once it answers. @throws Error naming the log where it ends instead */
  ensure(signal: AbortSignal): Promise<void>;
  /** Stops all VMs gracefully (hurry: at once), then the agent and the holder of its namespace. */
  end(hurry: AbortSignal): Promise<void>;
}

const answerMs = 2_000;
const startMs = 30_000;
const partingMs = 10_000;

export function createStartedAgent({ processes, files }: Pick<Host, 'processes' | 'files'>): StartedAgent {
  const api = createOneShot({ socketPath: socket });
  const agentFile = createProcessFile(join(folder, 'agent.json'), processes);
  const holderFile = createProcessFile(join(folder, 'holder.json'), processes);

  const answers = (): Promise<true | null> =>
    api.agent.status.query(undefined, { signal: AbortSignal.timeout(answerMs) }).then(
      () => true,
      () => null,
    );

  const spawnAgent = async (signal: AbortSignal): Promise<ProcessIdentity> => {
    const holder = await holdNamespace(holderFile, processes, signal);
    const log = openSync(agentLog, 'a', 0o600);
    // Relative: the address of a socket to listen on holds 107 bytes, and a checkout's path may be longer.
    const listen = ['--listen', `${loopbackOf(holder)}:50051`, '--listen', `unix:./${relative(root, grpcSocket)}`];
    const argv = [...enter(holder), ...mvirtProgram, 'agent', '--config', 'none', '--data-dir', dataDir, '--socket', relative(root, socket), ...listen];
    const child = Bun.spawn(argv, { cwd: root, stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    child.unref();
    const identity = processes.identify(child.pid);
    if (identity === null) throw new Error(`the agent ended at once: ${lastWords()}`);
    agentFile.write(identity);
    return identity;
  };

  const ensure = async (signal: AbortSignal): Promise<void> => {
    const lock = () => files.lock(join(folder, 'agent-start.lock'));
    using _lock = await until('another npm start has started the agent', lock, { timeoutMs: 2 * startMs, signal });
    if ((await answers()) !== null) return;
    const agent = agentFile.read() ?? (await spawnAgent(signal));
    const ready = () => {
      if (!processes.isAlive(agent)) throw new Error(`the agent ended: ${lastWords()}`);
      return answers();
    };
    await until(`the agent (pid ${agent.pid}) answers; its log is ${short(agentLog)}`, ready, { timeoutMs: startMs, signal });
  };

  const endProcess = async (file: typeof agentFile): Promise<void> => {
    const identity = file.read();
    if (identity !== null) {
      const gone = () => (processes.isAlive(identity) ? null : true);
      processes.signal(identity, 'SIGTERM');
      const inTime = await until('the process ends', gone, { timeoutMs: partingMs }).catch(() => null);
      if (inTime === null) {
        processes.signal(identity, 'SIGKILL');
        await until(`process ${identity.pid} ends`, gone, { timeoutMs: partingMs });
      }
    }
    file.remove();
  };

  /** Those of its networks outlive an agent, and the namespace that they serve goes. */
  const endServers = async (): Promise<void> => {
    const networks = join(dataDir, 'network');
    for (const name of existsSync(networks) ? readdirSync(networks) : []) await endProcess(createProcessFile(join(networks, name, 'server.json'), processes));
  };

  return {
    api,
    ensure,
    async end(hurry) {
      try {
        // An agent that died leaves its VMs running: only another one can stop them gracefully.
        if (agentFile.read() === null && livingVmm(processes) !== null) await ensure(AbortSignal.timeout(startMs));
        if ((await answers()) !== null) await stopAll(api, hurry);
      } finally {
        await endProcess(agentFile);
        if (livingVmm(processes) === null) await endServers();
        if (livingVmm(processes) === null) await endProcess(holderFile);
      }
    },
  };
}

/** What the agent said last to people. */
const lastWords = (): string =>
  readFileSync(agentLog, 'utf8')
    .split('\n')
    .findLast((line) => line !== '' && !line.startsWith('{') && !line.startsWith('hint: ')) ?? 'without a word';
