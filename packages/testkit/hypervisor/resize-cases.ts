import { expect } from 'bun:test';
import { memoryStepMib, type VmSize } from '@mvirt/domain';
import { waitFor } from '../wait-for.ts';
import type { Cases, Launched } from './contract.ts';
import { listenTo } from './fact-log.ts';

export const resizeCases: Cases = (stage, test) => {
  const { bench } = stage;
  /** One vCPU, up to three; two pieces of memory may come. */
  const launchWithRoom = () => stage.launch({ change: { maxVcpus: 3, maxMemoryMib: bench.memoryMib + 2 * memoryStepMib } });
  const toldSizes = ({ facts }: Pick<Launched, 'facts'>): VmSize[] => facts.facts.flatMap((fact) => (fact.kind === 'resized' ? [fact.size] : []));

  test('vCPUs and memory come to a running guest up to what it was launched for, told before the answer; they stay over a reset', async () => {
    const launched = await launchWithRoom();
    const { vmm, guest, facts } = launched;
    await guest.up(1);
    const size = { vcpus: 2, memoryMib: bench.memoryMib + memoryStepMib };
    expect(await vmm.resize(size, {})).toBe('done');
    const told = toldSizes(launched);
    expect(told.at(-1)).toEqual(size);
    await guest.sawVcpus(1);
    expect(await vmm.resize(size, {})).toBe('done');

    for (const tooMuch of [{ vcpus: 4 }, { vcpus: 0 }, { memoryMib: bench.memoryMib + 3 * memoryStepMib }, { memoryMib: bench.memoryMib }]) {
      await expect(vmm.resize(tooMuch, {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
    await vmm.reset({});
    await facts.until('guest-reset');
    expect(await vmm.resize({ vcpus: 2 }, {})).toBe('done');
    expect(toldSizes(launched)).toEqual(told);

    // What was done before a refusal stays, and is told.
    const memoryMib = bench.memoryMib + 2 * memoryStepMib;
    await expect(vmm.resize({ vcpus: 4, memoryMib }, {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    expect(toldSizes(launched)).toEqual([...told, { vcpus: 2, memoryMib }]);

    const run = { ...launched.request.run, process: launched.process, size: { vcpus: 1, memoryMib: bench.memoryMib } };
    const later = listenTo(await stage.nextAgent().adopt(run, { signal: AbortSignal.timeout(30_000) }));
    expect((await later.until('resized')).size).toEqual({ vcpus: 2, memoryMib });
  });

  test('vCPUs are gone once the guest lets go of them; until then no other number is taken', async () => {
    const launched = await launchWithRoom();
    const { vmm, guest } = launched;
    const sizeOf = (vcpus: number): VmSize => ({ vcpus, memoryMib: bench.memoryMib });
    if (!bench.takesVcpus((await stage.driver().probe({})).accelerator)) {
      expect(await vmm.resize({ vcpus: 2 }, {})).toBe('done');
      await expect(vmm.resize({ vcpus: 1 }, {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
      expect(toldSizes(launched)).toEqual([sizeOf(2)]);
      return;
    }
    await guest.up(1);
    expect(await vmm.resize({ vcpus: 3 }, {})).toBe('done');
    await guest.sawVcpus(2);
    if (bench.guest.ejects) {
      expect(await vmm.resize({ vcpus: 1 }, {})).toBe('done');
      expect(toldSizes(launched)).toEqual([sizeOf(3), sizeOf(1)]);
      expect(await vmm.resize({ vcpus: 2 }, {})).toBe('done');
      expect(toldSizes(launched)).toEqual([sizeOf(3), sizeOf(1), sizeOf(2)]);
      return;
    }
    expect(await vmm.resize({ vcpus: 1 }, {})).toBe('pending');
    await expect(vmm.resize({ vcpus: 2 }, {})).rejects.toMatchObject({ code: 'WRONG_STATE' });
    expect(toldSizes(launched)).toEqual([sizeOf(3)]);
    await vmm.reset({});
    await guest.up(2);
    await waitFor('the vCPUs to be gone', () => toldSizes(launched).length === 2);
    expect(toldSizes(launched)).toEqual([sizeOf(3), sizeOf(1)]);
  });

  test('a guest that was launched without room keeps what it has', async () => {
    const launched = await stage.launch();
    for (const more of [{ vcpus: 2 }, { memoryMib: bench.memoryMib + memoryStepMib }]) {
      await expect(launched.vmm.resize(more, {})).rejects.toMatchObject({ code: 'UNSUPPORTED' });
    }
    expect(toldSizes(launched)).toEqual([]);
  });
};
