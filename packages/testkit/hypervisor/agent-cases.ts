import { expect } from 'bun:test';
import { waitFor } from '../wait-for.ts';
import type { Cases, Launched } from './contract.ts';
import { listenTo } from './fact-log.ts';

const signal = () => AbortSignal.timeout(30_000);

export const agentCases: Cases = (stage, test) => {
  const { bench } = stage;
  const runOf = ({ request, process }: Launched) => ({ ...request.run, process });

  test('another agent takes a VM over: what happened in between is told once, devices and console work, its end is seen', async () => {
    const disk = stage.room().disk('hot');
    const first = await stage.launch();
    await first.guest.up(1);
    await first.vmm.attachDisk(disk, {});
    const run = { ...runOf(first), disks: [...first.request.run.disks, disk] };

    const second = stage.nextAgent();
    await first.guest.reset();
    await first.guest.up(2);
    const vmm = await second.adopt(run, { signal: signal() });
    const facts = listenTo(vmm);
    await facts.until('guest-reset');
    expect(await vmm.status({})).toBe('running');
    expect((await vmm.blockStats({})).map((stats) => stats.path)).toEqual([disk.path]);
    await stage.room().guestOf(first.request, vmm).echoes('to the second agent');
    await vmm.pause({});
    await facts.until('guest-paused');
    expect(first.facts.facts).toEqual([]);
    vmm.close();

    const third = await stage.nextAgent().adopt(run, { signal: signal() });
    const later = listenTo(third);
    expect(await third.status({})).toBe('paused');
    await third.resume({});
    await later.until('guest-resumed');
    await third.powerOff({});
    expect((await later.until('ended')).cause.kind).toBe('powered-off');
    expect(later.facts.map((fact) => fact.kind)).toEqual(['guest-resumed', 'ended']);
    third.close();
  });

  test('how a run ended while no agent watched is found out afterwards: by the guest', async () => {
    const launched = await stage.launch();
    await launched.guest.up(1);
    const next = stage.nextAgent();
    await launched.guest.powerOff();
    if (bench.outlivesGuest) {
      const vmm = await next.adopt(runOf(launched), { signal: signal() });
      const facts = listenTo(vmm);
      expect((await facts.until('ended')).cause.kind).toBe('guest-power-off');
      expect(facts.facts.map((fact) => fact.kind)).toEqual(['ended']);
      vmm.close();
    }
    await gone(launched);
    expect((await next.causeOfEnd(runOf(launched), {})).kind).toBe('guest-power-off');
  });

  test('how a run ended while no agent watched is found out afterwards: by a signal', async () => {
    const launched = await stage.launch();
    const next = stage.nextAgent();
    stage.room().processes.signal(launched.process, 'SIGKILL');
    await gone(launched);
    expect(await next.causeOfEnd(runOf(launched), {})).toMatchObject({ kind: 'vmm-signal', signal: 'SIGKILL' });
  });

  test('a VMM that hangs is told, calls end, another agent takes it over all the same, and it answers again when it wakes', async () => {
    const launched = await stage.launch();
    await launched.guest.up(1);
    const { processes } = stage.room();
    await stage.room().halt(launched.process);
    await expect(launched.vmm.status({})).rejects.toMatchObject({ code: 'HYPERVISOR_UNRESPONSIVE' });
    await launched.facts.until('unresponsive');

    const vmm = await stage.nextAgent().adopt(runOf(launched), { signal: signal() });
    const facts = listenTo(vmm);
    await facts.until('unresponsive');
    await expect(vmm.powerOff({})).rejects.toMatchObject({ code: 'HYPERVISOR_UNRESPONSIVE' });
    await expect(vmm.status({ signal: AbortSignal.abort(new Error('left')) })).rejects.toThrow('left');
    processes.signal(launched.process, 'SIGCONT');
    // A question that was put just before it woke may have to run into its own deadline first, and the next one waits for its turn.
    await facts.until('responsive', 30_000);
    expect(await vmm.status({})).toBe('running');

    processes.signal(launched.process, 'SIGSTOP');
    processes.signal(launched.process, 'SIGKILL');
    expect((await facts.until('ended')).cause.kind).toBe('vmm-signal');
    expect(facts.count('ended')).toBe(1);
    vmm.close();
  });

  const gone = ({ process }: Launched) => waitFor('the VMM to be gone', () => !stage.room().processes.isAlive(process), { timeoutMs: bench.guestMs });
};
