import { expect, test } from 'bun:test';
import { tinyGuestPath } from '@mvirt/guests';
import { type AgentProcess, startAgent } from '@mvirt/testkit/agent-process';
import { lackingForStorms } from '@mvirt/testkit/chaos/storm-room';
import { wallClock } from '@mvirt/testkit/chaos/wall-clock';
import { endProcessesOf } from '@mvirt/testkit/dir-processes';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const missing = lackingForStorms();
if (missing !== null) console.log(`skipped: ${missing}`);

const yearMs = 365 * 24 * 3_600_000;
const soon = { timeoutMs: 60_000 };

type Api = AgentProcess['api'];
const get = (api: Api, vm: string) => api.vm.get.query({ vm });

/** One that runs on, one that does not hear its button, and one whose VMM somebody will kill. */
async function createAll(api: Api): Promise<number> {
  const kernel = { kernel: tinyGuestPath(), memoryMib: 64 };
  await api.vm.create.mutate({ name: 'steady', ...kernel });
  await api.vm.create.mutate({ name: 'deaf', ...kernel, cmdline: 'deaf' });
  await api.vm.create.mutate({ name: 'failing', ...kernel, restart: 'on-failure' });
  for (const vm of ['steady', 'deaf', 'failing']) await api.vm.start.mutate({ vm });
  return (await get(api, 'steady')).pid ?? 0;
}

async function breakVmm(api: Api): Promise<void> {
  process.kill((await get(api, 'failing')).pid ?? 0, 'SIGKILL');
  await waitFor('its end to be seen', async () => (await get(api, 'failing')).state !== 'running', soon);
}

test.skipIf(missing !== null)(
  'a wall clock that jumps by a year, under an agent and between two of them: what runs runs on, a stop ends, a restart comes, events keep their order',
  async () => {
    using dir = tempDir('clock');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    const clock = wallClock(dir);
    let pid = 0;
    try {
      {
        await using agent = await startAgent(dir, [], clock);
        const { api } = agent;
        pid = await createAll(api);
        for (const offMs of [yearMs, -yearMs]) {
          const stopping = api.vm.stop.mutate({ vm: 'deaf', graceMs: 2000 });
          await waitFor('the stop to be under way', async () => (await get(api, 'deaf')).state === 'stopping', soon);
          await breakVmm(api);
          clock.set(offMs);
          expect((await stopping).vm).toMatchObject({ state: 'stopped', lastExit: { cause: 'powered-off' } });
          await waitFor('the restart', async () => (await get(api, 'failing')).state === 'running', soon);
          expect(await get(api, 'steady')).toMatchObject({ state: 'running', pid, responsive: true });
          await api.vm.start.mutate({ vm: 'deaf' });
        }
        clock.set(0);
        // What is under way when this agent dies is measured by the next one's clock.
        void api.vm.stop.mutate({ vm: 'deaf', graceMs: 2000 }).catch(() => {});
        await waitFor('the stop to be under way', async () => (await get(api, 'deaf')).state === 'stopping', soon);
        await breakVmm(api);
        await agent.end('SIGKILL');
      }
      clock.set(-yearMs);
      await using agent = await startAgent(dir, [], clock);
      const { api } = agent;
      await waitFor('the stop of the agent before to end', async () => (await get(api, 'deaf')).state === 'stopped', soon);
      await waitFor('the restart that the agent before was waiting for', async () => (await get(api, 'failing')).state === 'running', soon);
      expect(await get(api, 'steady')).toMatchObject({ state: 'running', pid, responsive: true });
      const events = await api.event.read.query({ limit: 1000 });
      expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
      for (const vm of ['steady', 'failing']) await api.vm.kill.mutate({ vm });
      for (const vm of ['steady', 'deaf', 'failing']) await api.vm.delete.mutate({ vm });
      expect(await agent.end('SIGTERM')).toBe(0);
    } finally {
      endProcessesOf(dir.path);
    }
  },
  180_000,
);
