import type { Hardware, MemoryHardware } from '../../hardware.ts';
import type { SysReader } from './sys-reader.ts';

const nodeFolder = '/sys/devices/system/node';

export async function readMemory(sys: SysReader): Promise<MemoryHardware> {
  return parseMemory((await sys.text('/proc/meminfo')) ?? '');
}

/** Of /proc/meminfo (proc(5)). */
export function parseMemory(text: string): MemoryHardware {
  const count = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  const bytes = (name: string) => count(name) * 1024;
  return {
    totalBytes: bytes('MemTotal'),
    availableBytes: bytes('MemAvailable'),
    cachedBytes: bytes('Cached'),
    swapTotalBytes: bytes('SwapTotal'),
    swapUsedBytes: bytes('SwapTotal') - bytes('SwapFree'),
    hugepagesTotal: count('HugePages_Total'),
    hugepagesFree: count('HugePages_Free'),
    hugepageSizeKib: count('Hugepagesize'),
  };
}

/** None where the kernel was built without NUMA. */
export async function readNumaNodes(sys: SysReader): Promise<Hardware['numaNodes']> {
  const ids = (await sys.list(nodeFolder)).flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  const nodes = ids
    .sort((a, b) => a - b)
    .map(async (id) => {
      const [memory, cpus] = await Promise.all([sys.text(`${nodeFolder}/node${id}/meminfo`), sys.text(`${nodeFolder}/node${id}/cpulist`)]);
      const bytes = (name: string) => Number(new RegExp(`^Node \\d+ ${name}:\\s+(\\d+) kB$`, 'm').exec(memory ?? '')?.[1] ?? 0) * 1024;
      return { id, totalMemoryBytes: bytes('MemTotal'), freeMemoryBytes: bytes('MemFree'), cpuIds: parseCpuList(cpus ?? '') };
    });
  return await Promise.all(nodes);
}

/** Such as `0-3,8-11`. */
export function parseCpuList(text: string): number[] {
  return text.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map((number) => Number.parseInt(number, 10));
    if (first === undefined || last === undefined || Number.isNaN(first) || Number.isNaN(last)) return [];
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
