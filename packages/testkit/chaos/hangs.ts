import { fromTrpcError } from '@mvirt/api/client';
import { tinyGuestPath } from '@mvirt/guests';
import { type AgentProcess, commandLineOf, startAgent } from '../agent-process.ts';
import { seededRandom } from '../console-pattern.ts';
import { endProcessesOf } from '../dir-processes.ts';
import { watchLeaks } from '../leak-check.ts';
import { type NetNamespace, netNamespace } from '../net-namespace.ts';
import { type TempDir, tempDir } from '../temp-dir.ts';
import { waitFor } from '../wait-for.ts';
import { chooseMove, type Move } from './moves.ts';
import { makeSlot } from './slot.ts';

/** What was under way when the VMM was stopped, and how it ended. */
export type HangReport = { rounds: number; ends: string[] };

/** Each step of a call has a deadline of its own; together they stay far below this. */
const callMs = 90_000;
const other = 'other';

/**
 * A VMM is stopped by SIGSTOP at a random moment of a random operation; in every second round its agent dies as well. Each call ends, the list is
 * answered, another VM's operations go on, and kill ends the VMM. @throws Error with the operation
 */
export async function runHangs({ seed, rounds }: { seed: number; rounds: number }): Promise<HangReport> {
  using dir = tempDir('hangs');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  await using namespace = await netNamespace();
  const random = seededRandom(seed);
  const ends: string[] = [];
  const { name, things } = makeSlot(dir, 0);
  try {
    for (let round = 0; round < rounds; round++) {
      await using agent = await startAgent(dir, [], { through: namespace.enter });
      const { api } = agent;
      if (round === 0) for (const vm of [name, other]) await api.vm.create.mutate({ name: vm, kernel: tinyGuestPath(), memoryMib: 64, nics: [{}] });
      const [pid = 0] = await Promise.all([name, other].map(async (vm) => (await api.vm.start.mutate({ vm })).vm.pid ?? 0));
      const running = { state: 'running' as const, memoryMib: 64, note: '', disks: [], macs: [] };
      let move = chooseMove(random, running, things, round);
      // One that ends before the VMM could be stopped says nothing.
      while (/^(kill|set|detach)/.test(move.title)) move = chooseMove(random, running, things, round);
      const end = await hang({ dir, namespace, agent, pid, move, name, afterMs: random(30), dies: round % 2 === 1 });
      ends.push(`${move.title}: ${end}`);
    }
    await using agent = await startAgent(dir, [], { through: namespace.enter });
    for (const vm of [name, other]) {
      await agent.api.vm.kill.mutate({ vm });
      await agent.api.vm.delete.mutate({ vm });
    }
    await agent.end('SIGTERM');
    return { rounds, ends };
  } catch (thrown) {
    throw new Error(`seed ${seed}, after ${ends.join(', ')}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, { cause: thrown });
  } finally {
    endProcessesOf(dir.path);
  }
}

type Hang = { dir: TempDir; namespace: NetNamespace; agent: AgentProcess; pid: number; move: Move; name: string; afterMs: number; dies: boolean };

/** Answers with how the operation ended. */
async function hang({ dir, namespace, agent, pid, move, name, afterMs, dies }: Hang): Promise<string> {
  const call = settled(move.run(agent.api, name));
  await Promise.race([call, new Promise((resolve) => setTimeout(resolve, afterMs))]);
  process.kill(pid, 'SIGSTOP');
  if (!dies) return await outlast(agent, { pid, name, call, what: move.title });
  await agent.end('SIGKILL');
  await call;
  await using next = await startAgent(dir, [], { through: namespace.enter });
  return await outlast(next, { pid, name, call, what: move.title });
}

type Outlasted = { pid: number; name: string; call: Promise<string>; what: string };

async function outlast({ api }: AgentProcess, { pid, name, call, what }: Outlasted): Promise<string> {
  const listed = () => api.vm.list.query();
  const seen = async () => (await listed()).find((vm) => vm.name === name);
  // Other VMs notice nothing.
  await within('another VM to be paused', api.vm.pause.mutate({ vm: other }));
  await within('another VM to be resumed', api.vm.resume.mutate({ vm: other }));
  await waitFor(`the VMM to be shown as not responding, after ${what}`, async () => (await seen())?.responsive === false, { timeoutMs: callMs });
  const vm = await seen();
  if (vm?.pid !== pid) throw new Error(`the VMM is process ${pid}, and the list says ${vm?.pid}`);
  const end = await within(`"${what}" to end`, call);
  // Whatever is asked of it now ends as well; a stop that waits for the guest is ended by the kill.
  await within('a pause to end', settled(api.vm.pause.mutate({ vm: name })));
  const stopping = settled(api.vm.stop.mutate({ vm: name, graceMs: 600_000 }));
  await waitFor('the stop to be under way', async () => (await seen())?.state === 'stopping', { timeoutMs: callMs });
  await within('the kill', api.vm.kill.mutate({ vm: name }));
  await within('the stop to end', stopping);
  if (commandLineOf(pid) !== null) throw new Error(`process ${pid} lives after the kill`);
  return end;
}

/** How a call ended, in a word. */
const settled = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (thrown: unknown) => fromTrpcError(thrown).code,
  );

const within = async <T>(what: string, call: Promise<T>): Promise<T> => {
  let over = false;
  const done = call.finally(() => {
    over = true;
  });
  done.catch(() => {}); // the caller is told below
  await waitFor(what, () => over, { timeoutMs: callMs });
  return await done;
};
