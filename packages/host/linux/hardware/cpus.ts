import type { CpuHardware } from '../../hardware.ts';
import { type CpuSampler, usagePercent } from './cpu-usage.ts';
import type { SysReader } from './sys-reader.ts';

const cpuFolder = '/sys/devices/system/cpu';

/** Every CPU that is online. numaNodeOf: by its number. */
export async function readCpus(sys: SysReader, sampler: CpuSampler, numaNodeOf: ReadonlyMap<number, number>): Promise<CpuHardware> {
  const { now, before } = await sampler.sample();
  const ids = [...now.keys()].sort((a, b) => a - b);
  const info = parseCpuInfo((await sys.text('/proc/cpuinfo')) ?? '');
  const places = await Promise.all(ids.map((id) => placeOf(sys, id)));
  const cores = ids.map(async (id) => {
    const ticks = now.get(id);
    const scaledKhz = Number(await sys.text(`${cpuFolder}/cpu${id}/cpufreq/scaling_cur_freq`));
    return {
      id,
      frequencyMhz: Math.round(scaledKhz > 0 ? scaledKhz / 1000 : (info.mhzOf.get(id) ?? 0)),
      usagePercent: ticks === undefined ? 0 : usagePercent(ticks, before.get(id)),
      numaNode: numaNodeOf.get(id) ?? 0,
    };
  });
  return {
    model: info.model,
    vendor: info.vendor,
    physicalCores: new Set(places.map(({ core }) => core)).size,
    logicalCores: ids.length,
    sockets: new Set(places.map(({ socket }) => socket)).size,
    cores: await Promise.all(cores),
    flags: info.flags,
  };
}

/** Where a logical CPU is; each its own core of one socket where nobody tells. */
async function placeOf(sys: SysReader, id: number): Promise<{ socket: string; core: string }> {
  const topology = (name: string) => sys.text(`${cpuFolder}/cpu${id}/topology/${name}`);
  const [socket, die, core] = await Promise.all([topology('physical_package_id'), topology('die_id'), topology('core_id')]);
  // Virtual ARM machines answer -1 for what their firmware does not say.
  const place = socket === null || socket === '-1' ? '0' : socket;
  return { socket: place, core: core === null ? `cpu${id}` : `${place}.${die ?? '0'}.${core}` };
}

/** Of /proc/cpuinfo: x86 says all of it, other architectures some. */
export function parseCpuInfo(text: string): { model: string; vendor: string; flags: string[]; mhzOf: Map<number, number> } {
  const cpus = text.split(/\n\s*\n/).map((block) => new Map([...block.matchAll(/^([^\t:]+?)\s*: ?(.*)$/gm)].map(([, key = '', value = '']) => [key, value])));
  const first = (key: string) =>
    cpus
      .find((cpu) => cpu.has(key))
      ?.get(key)
      ?.trim() ?? '';
  const mhz = cpus.map((cpu) => [Number(cpu.get('processor')), Number(cpu.get('cpu MHz'))] as const);
  return {
    model: first('model name') || first('Model') || first('cpu model'),
    vendor: first('vendor_id') || first('CPU implementer'),
    flags: (first('flags') || first('Features')).split(' ').filter((flag) => flag !== ''),
    mhzOf: new Map(mhz.filter(([id, value]) => Number.isInteger(id) && value > 0)),
  };
}
