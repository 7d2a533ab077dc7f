import { setTimeout as sleep } from 'node:timers/promises';
import type { Hardware, HostHardware } from '../../hardware.ts';
import type { Programs } from '../../programs.ts';
import { createCpuSampler } from './cpu-usage.ts';
import { readCpus } from './cpus.ts';
import { readDisks } from './disks.ts';
import { readMemory, readNumaNodes } from './memory.ts';
import { readNics } from './nics.ts';
import { createSysReader, type SysReader } from './sys-reader.ts';

export type HardwareDeps = {
  programs: Programs;
  nowMs?(): number;
  sleep?(ms: number): Promise<void>;
  openReader?(): SysReader & Disposable;
};

const freshMs = 1000;

export function createHostHardware({
  programs,
  nowMs = () => performance.now(),
  sleep: wait = sleep,
  openReader = createSysReader,
}: HardwareDeps): HostHardware {
  const sampler = createCpuSampler({
    nowMs,
    sleep: wait,
    async read() {
      using sys = openReader();
      return await sys.text('/proc/stat');
    },
  });
  let last: { reading: Promise<Hardware>; isOver: boolean; atMs: number } | null = null;

  const read = async (): Promise<Hardware> => {
    using sys = openReader();
    const numaNodes = await readNumaNodes(sys);
    const numaNodeOf = new Map(numaNodes.flatMap(({ id, cpuIds }) => cpuIds.map((cpu) => [cpu, id] as const)));
    const [cpu, memory, disks, nics] = await Promise.all([readCpus(sys, sampler, numaNodeOf), readMemory(sys), readDisks(sys), readNics(sys, programs)]);
    return { cpu, memory, numaNodes, disks, nics };
  };

  return {
    read() {
      if (last !== null && (!last.isOver || nowMs() - last.atMs < freshMs)) return last.reading;
      const taken = { reading: read().finally(() => (taken.isOver = true)), isOver: false, atMs: nowMs() };
      last = taken;
      return taken.reading;
    },
  };
}
