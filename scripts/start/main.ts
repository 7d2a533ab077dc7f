// npm start: an agent in a network namespace of its own, the VM `demo` booted, the UI on it.
import { mkdirSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import type { LinuxGuest } from '@mvirt/guests';
import { createLinuxHost } from '@mvirt/host/linux';
import { createStartedAgent } from './agent.ts';
import { bootDemo, buildGuest, tunOpens } from './demo.ts';
import { takeOwnership } from './ownership.ts';
import { agentLog, folder, mvirtProgram, root, short, socket } from './places.ts';
import { listenForSignals } from './signals.ts';
import { runUi } from './ui.ts';
import { createVoice } from './voice.ts';

const wishes = listenForSignals();
const voice = createVoice((line) => console.error(line));
const { say } = voice;
process.chdir(root);
mkdirSync(folder, { recursive: true, mode: 0o700 });
const host = createLinuxHost();
const agent = createStartedAgent(host);
const interactive = process.stdin.isTTY === true && process.stdout.isTTY === true;

async function main(): Promise<number> {
  using owner = await takeOwnership(host.files, wishes.leave);
  if (owner.kind === 'theirs') {
    say(`npm start runs already, as pid ${owner.pid}: using its agent, which stays`);
    return await show();
  }
  try {
    return await show();
  } finally {
    owner.ending();
    say('stopping: VMs gracefully, then the agent');
    await agent.end(wishes.hurry);
  }
}

/** The agent, demo, and the UI on them; without a terminal: what it would have shown. */
async function show(): Promise<number> {
  const building = buildGuest(voice, wishes.leave);
  building.catch(() => {}); // told below; the agent starts meanwhile
  await agent.ensure(wishes.leave);
  const guest = await building;
  if (!tunOpens()) say('/dev/net/tun does not open here: demo has no NIC');
  const program = `${mvirtProgram.map(short).join(' ')} --socket ${short(socket)}`;
  say(`from a second terminal: npm run -s mvirt -- list   (or: ${program} list)`);
  return interactive ? showUi(guest) : showText(guest);
}

async function showUi(guest: LinuxGuest): Promise<number> {
  const quit = new AbortController();
  const booting = bootDemo(agent.api, guest, AbortSignal.any([quit.signal, wishes.leave])).then(
    () => null,
    (error: unknown) => (quit.signal.aborted || wishes.leave.aborted ? null : toError(error)),
  );
  const status = await voice.duringUi(() => runUi(wishes.leave));
  quit.abort();
  const failure = await booting;
  if (failure !== null) throw failure;
  return status;
}

async function showText(guest: LinuxGuest): Promise<number> {
  say('starting the VM demo');
  const started = performance.now();
  const banner = await bootDemo(agent.api, guest, wishes.leave);
  say(`demo is up after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  const list = Bun.spawn([...mvirtProgram, '--socket', socket, 'list'], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if ((await list.exited) !== 0) throw new Error('mvirt list failed');
  console.log(banner === null ? 'demo said its banner long ago: its console history has it no more' : `demo says: ${banner}`);
  return 0;
}

const toError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));

try {
  const status = await main();
  process.exit(wishes.status() ?? status);
} catch (thrown) {
  const status = wishes.status();
  if (status !== null) {
    say(toError(wishes.leave.reason).message);
    process.exit(status);
  }
  const hint = thrown instanceof MvirtError ? thrown.hint : `the agent's log is ${short(agentLog)}`;
  console.error(`mvirt: npm start failed: ${toError(thrown).message}\nhint: ${hint}`);
  process.exit(1);
}
