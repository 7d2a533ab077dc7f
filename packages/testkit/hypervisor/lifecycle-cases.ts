import { expect } from 'bun:test';
import { waitFor } from '../wait-for.ts';
import type { Cases } from './contract.ts';

const pressAgainMs = 2000;

export const lifecycleCases: Cases = (stage, test) => {
  const { bench } = stage;

  test('probe names the program, its version and the accelerator that a guest ran on, again from memory', async () => {
    const first = await stage.driver().probe({});
    expect(first).toMatchObject({ kind: stage.driver().kind, version: expect.any(String), accelerator: expect.any(String) });
    expect(first.usable || (bench.mayBeSlow && first.slow)).toBe(true);
    if (!first.usable) expect(first).toMatchObject({ notes: [expect.stringMatching(/additions a second/)], hint: expect.any(String) });
    expect(await stage.driver().probe({})).toEqual(first);
  });

  test('launch answers once the vCPUs run, having recorded the process; what is typed is echoed; pause and resume are told once each', async () => {
    const { vmm, facts, guest, process } = await stage.launch();
    expect(stage.spawned).toEqual([process]);
    expect(stage.room().processes.isAlive(process)).toBe(true);
    expect(await vmm.status({})).toBe('running');
    await guest.up(1);
    await guest.echoes('hello');

    await vmm.pause({});
    await vmm.pause({});
    await facts.until('guest-paused');
    expect(await vmm.status({})).toBe('paused');
    await vmm.resume({});
    await vmm.resume({});
    await facts.until('guest-resumed');
    expect(await vmm.status({})).toBe('running');
    await guest.echoes('again');

    await vmm.powerOff({});
    const { cause } = await facts.until('ended');
    expect(cause.kind).toBe('powered-off');
    expect(facts.facts.map((fact) => fact.kind)).toEqual(['guest-paused', 'guest-resumed', 'ended']);
    expect(stage.room().processes.isAlive(process)).toBe(false);
  });

  test('each reset is told once, whoever asked for it', async () => {
    const { vmm, facts, guest, process } = await stage.launch();
    await guest.up(1);
    await vmm.reset({});
    await guest.up(2);
    const upAtMs = performance.now();
    await waitFor('resets to be far enough apart', () => performance.now() - upAtMs > bench.resetsApartMs);
    await guest.reset();
    await guest.up(3);
    await guest.powerOff();
    const { cause } = await facts.until('ended', bench.guestMs);
    expect(cause.kind).toBe('guest-power-off');
    expect(facts.facts.map((fact) => fact.kind)).toEqual(['guest-reset', 'guest-reset', 'ended']);
    expect(stage.room().processes.isAlive(process)).toBe(false);
  });

  test('a guest that is reset in its first moments, and again, boots all the same', async () => {
    const { vmm, guest } = await stage.launch();
    await vmm.reset({});
    await vmm.reset({});
    await guest.up(1);
    await guest.echoes('alive');
    await vmm.powerOff({});
  });

  test('the power button: a guest that hears it powers off; of one that does not only the request is accepted, and cutting the power ends it', async () => {
    const { vmm, facts, guest } = await stage.launch();
    await guest.up(1);
    await vmm.pressPowerButton({});
    if (!bench.guest.hearsButton) {
      await vmm.pressPowerButton({});
      await guest.echoes('not dead');
      expect(await vmm.status({})).toBe('running');
      expect(facts.facts).toEqual([]);
      await vmm.powerOff({});
    }
    // A guest that has only just begun may not listen yet: as a stop does, the button is pressed again.
    let pressedAtMs = performance.now();
    const ended = async () => {
      if (facts.count('ended') === 0 && bench.guest.hearsButton && performance.now() - pressedAtMs > pressAgainMs) {
        pressedAtMs = performance.now();
        await vmm.pressPowerButton({}).catch(() => {}); // it may have ended in this very moment
      }
      return facts.count('ended') > 0;
    };
    await waitFor('the end', ended, { timeoutMs: bench.guestMs });
    const { cause } = await facts.until('ended');
    expect(cause.kind).toBe(bench.guest.hearsButton ? 'guest-power-off' : 'powered-off');
  });

  test("a guest's panic is told and is the cause of its end", async () => {
    const { facts, guest } = await stage.launch();
    await guest.up(1);
    // The bare-metal guest knows no panic: its end must then not look like one.
    if (guest.panic === null) await guest.powerOff();
    else await guest.panic();
    const { cause } = await facts.until('ended', bench.guestMs);
    expect(cause.kind).toBe(guest.panic === null ? 'guest-power-off' : 'guest-panic');
    expect(facts.facts.map((fact) => fact.kind)).toEqual(guest.panic === null ? ['ended'] : ['guest-panicked', 'ended']);
  });

  test('a killed VMM ends with the signal as its cause', async () => {
    const { facts, process } = await stage.launch();
    stage.room().processes.signal(process, 'SIGKILL');
    const { cause } = await facts.until('ended');
    expect(cause).toMatchObject({ kind: 'vmm-signal', signal: 'SIGKILL' });
  });
};
