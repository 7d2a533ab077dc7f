import { expect, test } from 'bun:test';
import { tinyGuestPath } from '@mvirt/guests';
import { createLinuxHost } from '@mvirt/host/linux';
import { startAgent } from '@mvirt/testkit/agent-process';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';

const missing = createLinuxHost().programs.find('qemu-system-x86_64') === null ? 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)' : null;
if (missing !== null) console.log(`skipped: ${missing}`);

const hung = ['h1', 'h2', 'h3', 'h4', 'h5'];
const healthy = ['ok1', 'ok2'];

test.skipIf(missing !== null)(
  'five VMMs that hang, before and right after an agent restart: no other VM, no list and no shutdown waits for them',
  async () => {
    using dir = tempDir('hung');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
    const took: string[] = [];
    const timed = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      const beganMs = performance.now();
      try {
        return await work();
      } finally {
        took.push(`${what} ${Math.round(performance.now() - beganMs)} ms`);
      }
    };
    const pids = new Map<string, number>();
    const signalAll = (signal: NodeJS.Signals) => {
      for (const name of hung) process.kill(pids.get(name) ?? 0, signal);
    };
    {
      await using agent = await startAgent(dir);
      const { vm } = agent.api;
      await Promise.all(
        [...hung, ...healthy].map(async (name) => {
          await vm.create.mutate({ name, kernel: tinyGuestPath(), memoryMib: 64 });
          pids.set(name, (await vm.start.mutate({ vm: name })).vm.pid ?? 0);
        }),
      );
      signalAll('SIGSTOP');
      await timed('list', () => vm.list.query());
      await timed('pause of a healthy one', () => vm.pause.mutate({ vm: 'ok1' }));
      await vm.resume.mutate({ vm: 'ok1' });
      // Both wait for VMMs that do not answer when the agent is killed, and nobody else waits for them.
      const waiting = hung.map((name) => vm.stop.mutate({ vm: name, graceMs: 60_000 }).catch(() => null));
      await timed('list beside five stops that hang', () => vm.list.query());
      expect(await agent.end('SIGKILL')).toBe('SIGKILL');
      await Promise.all(waiting);
    }
    const agent = await timed('ready after kill -9', () => startAgent(dir));
    try {
      const { vm } = agent.api;
      const found = await timed('the first list', () => vm.list.query());
      const about = ({ name, state, responsive, pid }: (typeof found)[number]) => [name, { state, responsive, pid }];
      expect(Object.fromEntries(found.map(about))).toEqual({
        ...Object.fromEntries(hung.map((name) => [name, { state: 'stopping', responsive: false, pid: pids.get(name) }])),
        ...Object.fromEntries(healthy.map((name) => [name, { state: 'running', responsive: true, pid: pids.get(name) }])),
      });
      await timed('create and start of another', async () => {
        await vm.create.mutate({ name: 'new', kernel: tinyGuestPath(), memoryMib: 64 });
        await vm.start.mutate({ vm: 'new' });
      });
      await timed('stop of a healthy one', () => vm.stop.mutate({ vm: 'ok1', graceMs: 20_000 }));
      expect(await timed('kill of a hung one', () => vm.kill.mutate({ vm: 'h1' }))).toMatchObject({ vm: { state: 'stopped' } });
      expect(await timed('the end of the agent', () => agent.end('SIGTERM'))).toBe(0);
    } finally {
      await agent[Symbol.asyncDispose]();
    }
    await using last = await startAgent(dir);
    await timed('kill of the others, at once', () => Promise.all(hung.map((name) => last.api.vm.kill.mutate({ vm: name }))));
    for (const { name } of await last.api.vm.list.query()) {
      await last.api.vm.kill.mutate({ vm: name ?? '' });
      await last.api.vm.delete.mutate({ vm: name ?? '' });
    }
    console.log(took.join(', '));
  },
  90_000,
);
