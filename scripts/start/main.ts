// npm start: an agent in a network namespace of its own, the VM `demo` booted, the UI on it.
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessIdentity } from '@mvirt/domain';
import { createLinuxHost } from '@mvirt/host/linux';
import { bootDemo, buildGuest, stopAll } from './demo.ts';
import { enter, holdNamespace } from './namespace.ts';
import { createProcessFile } from './process-file.ts';
import { agentLog, dataDir, mustMvirt, mvirt, mvirtProgram, root, say, socket, until } from './shell.ts';

process.chdir(root);
mkdirSync('tmp', { recursive: true, mode: 0o700 });
const { processes } = createLinuxHost();
const owner = createProcessFile('tmp/start.json', processes);
const holderFile = createProcessFile('tmp/holder.json', processes);
const agentFile = createProcessFile('tmp/agent.json', processes);
const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true;

async function main(): Promise<number> {
  const self = processes.identify(process.pid);
  if (self === null) throw new Error('/proc does not show this process');
  const other = owner.claim(self);
  if (other !== null) return visit(other);
  try {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {}); // the UI ends by itself; what follows is tidied up below
    return await begin();
  } finally {
    await end();
  }
}

/** A start beside a living one: another UI on the same agent, which stays when this UI goes. */
async function visit(other: ProcessIdentity): Promise<number> {
  say(`npm start runs already, as pid ${other.pid}: using its agent`);
  await until('the agent answers', 120_000, agentAnswers);
  return show(async () => (await bootDemo(await buildGuest())).banner);
}

async function begin(): Promise<number> {
  const guest = await buildGuest();
  if ((await agentAnswers()) === null) await startAgent();
  say('starting the VM demo');
  const started = performance.now();
  const booted = bootDemo(guest);
  booted.catch(() => {}); // told below, or by the UI
  return show(async () => {
    const { banner } = await booted;
    say(`demo is up after ${((performance.now() - started) / 1000).toFixed(1)} s`);
    return banner;
  });
}

/** The UI; without a terminal: what it would have shown. */
async function show(banner: () => Promise<string>): Promise<number> {
  say(`from a second terminal: npm run -s mvirt -- list   (or: ${mvirtProgram.map(short).join(' ')} --socket ${short(join(root, socket))} list)`);
  if (interactive) return Bun.spawn([...mvirtProgram, '--socket', socket], { cwd: root, stdio: ['inherit', 'inherit', 'inherit'] }).exited;
  const line = await banner();
  console.log((await mustMvirt('list')).trimEnd());
  console.log(`demo says: ${line}`);
  return 0;
}

const short = (path: string): string => path.replace(`${root}/`, './');
const agentAnswers = async (): Promise<true | null> => ((await mvirt('list', '-q')).status === 0 ? true : null);

async function startAgent(): Promise<void> {
  const holder = await holdNamespace(holderFile, processes);
  const log = openSync(agentLog, 'a', 0o600);
  const argv = [...enter(holder), ...mvirtProgram, 'agent', '--data-dir', dataDir, '--socket', socket];
  const child = Bun.spawn(argv, { cwd: root, stdio: ['ignore', log, log], detached: true });
  child.unref();
  await until('the agent answers', 30_000, () => {
    if (child.exitCode !== null) throw new Error(`the agent ended with status ${child.exitCode}: see ${agentLog}`);
    return agentAnswers();
  });
  const identity = processes.identify(child.pid);
  if (identity !== null) agentFile.write(identity);
}

/** Nothing stays behind but ./tmp and the cache. */
async function end(): Promise<void> {
  say('stopping: VMs gracefully, then the agent');
  await stopAll();
  for (const file of [agentFile, holderFile]) {
    const identity = file.read();
    if (identity !== null) {
      processes.signal(identity, 'SIGTERM');
      await until('the process ends', 20_000, () => (processes.isAlive(identity) ? null : true));
    }
    file.remove();
  }
  owner.remove();
}

main().then(
  (status) => process.exit(status),
  (error: unknown) => {
    console.error(`mvirt: npm start failed: ${error instanceof Error ? error.message : String(error)}`);
    console.error(`hint: the agent's log is ${agentLog}`);
    process.exit(1);
  },
);
