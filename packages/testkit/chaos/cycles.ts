import { readFileSync } from 'node:fs';
import { tinyGuestPath } from '@mvirt/guests';
import { startAgent } from '../agent-process.ts';
import { endProcessesOf } from '../dir-processes.ts';
import { watchLeaks } from '../leak-check.ts';
import { netNamespace } from '../net-namespace.ts';
import { tempDir } from '../temp-dir.ts';
import { waitFor } from '../wait-for.ts';
import { descriptorsOf, slopeOf } from './growth.ts';
import { kernelView } from './kernel-view.ts';
import { memoryGauge } from './memory-gauge.ts';

/** descriptors: of the agent, before the first measured cycle and after each. residentMib: after each and a collection of garbage. growthBytes: by the slope of that, over all. */
export type CycleReport = { cycles: number; descriptors: number; growthBytes: number; residentMib: number[] };

/**
 * VMs that are created, started, stopped and deleted, one after another, by one real agent with real guests. After each, the agent holds what it held before the first one
 * that was measured, and no TAP, process or folder is there. @throws Error with what is
 */
export async function runCycles({ warmUp, cycles }: { warmUp: number; cycles: number }): Promise<CycleReport> {
  using dir = tempDir('cycles');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  await using namespace = await netNamespace();
  const memory = memoryGauge(dir);
  await using agent = await startAgent(dir, [], { through: [...namespace.enter, ...memory.through] });
  const { api } = agent;
  const cycle = async (): Promise<void> => {
    const { vm } = await api.vm.create.mutate({
      name: 'web',
      kernel: tinyGuestPath(),
      cmdline: 'numbers',
      memoryMib: 64,
      nics: [{}],
      userData: '#cloud-config\n',
    });
    await api.vm.start.mutate({ vm: 'web' });
    // One that is still booting would hear its button only when it is pressed again.
    const log = dir.join('data', 'vm', vm.id, 'console.log');
    await waitFor('the guest to be up', () => readFileSync(log, 'latin1').includes('000001'), { timeoutMs: 60_000 });
    await api.vm.stop.mutate({ vm: 'web', graceMs: 60_000 });
    await api.vm.delete.mutate({ vm: 'web' });
  };
  const left = (): string[] => {
    const { vmms, strays, taps, folders } = kernelView({ dataDir: dir.join('data'), enter: namespace.enter, agentPid: agent.pid });
    return [...vmms.map(({ pid }) => `VMM ${pid}`), ...strays, ...taps, ...folders];
  };
  try {
    for (let round = 0; round < warmUp; round++) await cycle();
    await waitFor('nothing to be left of the first', () => left().length === 0);
    const before = descriptorsOf(agent.pid);
    const resident: number[] = [];
    for (let round = 0; round < cycles; round++) {
      await cycle();
      await waitFor(`nothing to be left of cycle ${round}`, () => left().length === 0);
      const same = () => descriptorsOf(agent.pid).join() === before.join();
      await waitFor(`the agent to hold what it held before, ${before.length} descriptors, after cycle ${round}`, same);
      resident.push(await memory.read(agent.pid));
    }
    await agent.end('SIGTERM');
    return {
      cycles,
      descriptors: before.length,
      growthBytes: Math.round(slopeOf(resident) * cycles),
      residentMib: resident.map((bytes) => Math.round(bytes / 1024 ** 2)),
    };
  } finally {
    // Of a cycle that failed.
    await agent.end('SIGKILL');
    endProcessesOf(dir.path);
  }
}
