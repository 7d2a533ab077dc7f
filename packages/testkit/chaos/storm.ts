import { type AgentClient, createAgentClient, fromTrpcError } from '@mvirt/api/client';
import { type AgentProcess, spawnAgent, startAgent } from '../agent-process.ts';
import { seededRandom } from '../console-pattern.ts';
import type { NetNamespace } from '../net-namespace.ts';
import type { TempDir } from '../temp-dir.ts';
import { waitFor } from '../wait-for.ts';
import { checkLog, watchConsole } from './console-check.ts';
import { checkDatabase } from './database-check.ts';
import { chooseMove, chooseRival, type Move } from './moves.ts';
import { forget, makeSlot, narrow, type Slot } from './slot.ts';
import { compare, settleMs } from './truth.ts';
import { type Outcome, possibleEnds } from './vm-model.ts';

export type StormOptions = { dir: TempDir; namespace: NetNamespace; seed: number; kills: number; vms: number };
/** What was done and seen. */
export type StormReport = { kills: number; inRecovery: number; moves: Record<Outcome, number>; consoleBytes: number };

/** Moments at which an agent dies: after it serves, or while it still recovers. */
const servingMs = 1500;
const recoveringMs = 500;

/**
 * Random operations on a real agent that is killed by -9 again and again, while its guests print; after each kill and
 * restart what is listed, what the kernel shows and what was acknowledged are compared. @throws Error with all that was done
 */
export async function runStorm(options: StormOptions): Promise<StormReport> {
  const trace: string[] = [];
  try {
    return await storm(options, (line) => void trace.push(line));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Error(`seed ${options.seed}: ${why}\nwhat was done:\n  ${trace.slice(-60).join('\n  ')}`, { cause: thrown });
  }
}

async function storm({ dir, namespace, seed, kills, vms }: StormOptions, say: (line: string) => void): Promise<StormReport> {
  const random = seededRandom(seed);
  const report: StormReport = { kills: 0, inRecovery: 0, moves: { done: 0, refused: 0, lost: 0 }, consoleBytes: 0 };
  const slots = Array.from({ length: vms }, (_, index) => makeSlot(dir, index));
  const through = { through: namespace.enter };
  const client = createAgentClient({ socketPath: dir.join('agent.sock') });
  try {
    for (let round = 1; round <= kills; round++) {
      if (random(5) === 0) {
        await using agent = spawnAgent(dir, [], through);
        await Promise.race([moment(random(recoveringMs)), agent.ended()]);
        await agent.end('SIGKILL');
        report.kills += 1;
        report.inRecovery += 1;
        say(`round ${round}: killed while it recovered`);
        checkDatabase(dir.join('data'), dir.join(`copy-${round}`));
        continue;
      }
      await using agent = await startAgent(dir, [], through);
      checkWatchers(slots);
      await compare({ agent, dir, namespace, slots });
      watch({ dir, client, slots, report });
      const lifeMs = random(servingMs);
      say(`round ${round}: serves, and is killed after ${lifeMs} ms`);
      const life = { over: false };
      const death = moment(lifeMs).then(async () => {
        life.over = true;
        await agent.end('SIGKILL');
      });
      while (!life.over) await makeMoves({ agent, random, slots, round, life, report, say });
      await death;
      report.kills += 1;
      checkDatabase(dir.join('data'), dir.join(`copy-${round}`));
      for (const { log } of slots) log?.readOn();
    }
    await endAll({ dir, namespace, slots });
    return report;
  } finally {
    await client.close();
  }
}

/** The moment of a death is random on purpose: it waits for no condition. */
const moment = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

type Doing = {
  agent: AgentProcess;
  random: (below: number) => number;
  slots: Slot[];
  round: number;
  life: { over: boolean };
  report: StormReport;
  say(line: string): void;
};

/** Some VMs at once, each by one operation or two that get into each other's way. */
async function makeMoves({ agent, random, slots, round, life, report, say }: Doing): Promise<void> {
  const chosen = slots.filter(() => random(3) > 0);
  await Promise.all(
    chosen.map(async (slot) => {
      const [vm = null] = slot.ends;
      const moves = [chooseMove(random, vm, slot.things, round), ...(random(4) === 0 ? [chooseRival(random, slot.things)] : [])];
      const isSure = slot.ends.length === 1 && moves.length === 1;
      const told = await Promise.all(moves.map((move) => make(agent, slot, move, { life, isSure, say })));
      for (const { outcome } of told) report.moves[outcome] += 1;
      if (moves.some(({ title }) => /^(start|stop|kill|delete|create)/.test(title))) slot.pid = null;
      slot.ends = possibleEnds(slot.ends, told);
      if (slot.ends.length === 0) throw new Error(`${slot.name}: ${told.map(({ move, outcome }) => `${move.title} ${outcome}`).join(', ')} cannot be`);
    }),
  );
  // Where the order of two operations is not known, the next ones are chosen by what came of it.
  if (life.over || slots.every(({ ends }) => ends.length === 1)) return;
  const listed = await agent.api.vm.list.query().catch(() => null);
  for (const slot of slots) if (listed !== null) narrow(slot, listed);
}

type Making = { life: { over: boolean }; isSure: boolean; say(line: string): void };

async function make(
  agent: AgentProcess,
  slot: Slot,
  move: Move,
  { life, isSure, say }: Making,
): Promise<{ move: Move; effect: Move['effect']; outcome: Outcome }> {
  const told = (outcome: Outcome, why = '') => {
    say(`${slot.name}: ${move.title}: ${outcome}${why}`);
    return { move, effect: move.effect, outcome };
  };
  try {
    await move.run(agent.api, slot.name);
    return told('done');
  } catch (thrown) {
    const { code, message } = fromTrpcError(thrown);
    if (life.over && (code === 'AGENT_UNREACHABLE' || code === 'INTERNAL')) return told('lost');
    if (isSure || code === 'INTERNAL' || code === 'TIMEOUT') throw new Error(`${slot.name}: ${move.title} was refused: ${code}: ${message}`);
    return told('refused', ` (${message})`);
  }
}

function checkWatchers(slots: Slot[]): void {
  for (const { name, watcher } of slots) {
    const faults = watcher?.faults() ?? [];
    if (faults.length > 0) throw new Error(`${name}: its console: ${faults.join('; ')}`);
  }
}

/** Somebody watches each VM from its first moment to its last. */
function watch({ dir, client, slots, report }: { dir: TempDir; client: AgentClient; slots: Slot[]; report: StormReport }): void {
  for (const slot of slots) {
    if (slot.id === null || slot.log !== null) continue;
    slot.log = checkLog(dir.join('data', 'vm', slot.id, 'console.log'), (bytes) => {
      report.consoleBytes += bytes;
    });
    slot.watcher = watchConsole(client, slot.id);
  }
}

/** All is as it was: every VM can still be started, stopped and deleted, and nothing of them is left. */
async function endAll({ dir, namespace, slots }: Pick<StormOptions, 'dir' | 'namespace'> & { slots: Slot[] }): Promise<void> {
  await using agent = await startAgent(dir, [], { through: namespace.enter });
  await compare({ agent, dir, namespace, slots });
  for (const slot of slots) {
    const [end = null] = slot.ends;
    if (end === null) continue;
    const vm = slot.name;
    if (end.state === 'paused') await agent.api.vm.resume.mutate({ vm });
    if (end.state === 'stopped') await agent.api.vm.start.mutate({ vm });
    await agent.api.vm.stop.mutate({ vm, graceMs: settleMs });
    const { log, watcher } = slot;
    if (log !== null && watcher !== null) {
      log.readOn();
      await waitFor(`the stream of ${vm} to have all of its log`, () => watcher.offset() === log.bytes(), { timeoutMs: settleMs });
      checkWatchers([slot]);
    }
    await agent.api.vm.delete.mutate({ vm });
    forget(slot, null);
    slot.ends = [null];
    slot.pid = null;
  }
  await compare({ agent, dir, namespace, slots });
  await agent.end('SIGTERM');
}
