import { z } from 'zod';
import type { NicHardware } from '../../hardware.ts';
import type { Programs } from '../../programs.ts';
import type { SysReader } from './sys-reader.ts';

const ipMs = 2000;

/** Of `ip -json -details -statistics address show` what we need (iproute2). It prints an empty object for what it filters out. */
const interfacesSchema = z.array(
  z
    .object({
      ifname: z.string(),
      ifindex: z.number(),
      flags: z.array(z.string()),
      operstate: z.string(),
      link_type: z.string(),
      address: z.string(),
      linkinfo: z.object({ info_kind: z.string() }).partial(),
      addr_info: z.array(z.object({ family: z.string(), local: z.string() }).partial()),
      stats64: z.object({ rx: z.object({ bytes: z.number() }), tx: z.object({ bytes: z.number() }) }),
    })
    .partial(),
);

/**
 * The interfaces of our network namespace, which /sys may not be of; none where `ip` is missing or fails. Loopbacks and TAPs are left out: the first
 * are no NICs, the second are the VMs'.
 */
export async function readNics(sys: SysReader, programs: Programs): Promise<NicHardware[]> {
  const interfaces = parseInterfaces(await ask(programs));
  return await Promise.all(interfaces.map((nic) => withDevice(sys, nic)));
}

type Interface = { index: number; kind: string; nic: NicHardware };

/** @throws nothing: what is no such output has no interfaces. */
export function parseInterfaces(text: string): Interface[] {
  const parsed = interfacesSchema.safeParse(json(text));
  if (!parsed.success) return [];
  return parsed.data.flatMap(({ ifname, ifindex, flags, operstate, link_type, address, linkinfo, addr_info, stats64 }) => {
    if (ifname === undefined || ifindex === undefined || link_type === 'loopback' || linkinfo?.info_kind === 'tun') return [];
    const of = (family: string) => (addr_info ?? []).flatMap((one) => (one.family === family && one.local !== undefined ? [one.local] : []));
    const nic: NicHardware = {
      name: ifname,
      mac: link_type === 'ether' ? (address ?? '') : '',
      // Not every driver keeps the state that is UP for those that do.
      isUp: operstate === 'UP' || (operstate === 'UNKNOWN' && (flags ?? []).includes('UP')),
      speedMbps: null,
      duplex: 'unknown',
      ipv4: of('inet'),
      ipv6: of('inet6'),
      driver: '',
      rxBytes: stats64?.rx.bytes ?? 0,
      txBytes: stats64?.tx.bytes ?? 0,
    };
    return [{ index: ifindex, kind: linkinfo?.info_kind ?? '', nic }];
  });
}

/** Adds what only /sys has, where its interface of that name is ours. */
async function withDevice(sys: SysReader, { index, kind, nic }: Interface): Promise<NicHardware> {
  const folder = `/sys/class/net/${nic.name}`;
  const [ownIndex, ownMac] = await Promise.all([sys.text(`${folder}/ifindex`), sys.text(`${folder}/address`)]);
  if (ownIndex !== `${index}` || (nic.mac !== '' && ownMac !== nic.mac)) return { ...nic, driver: kind };
  const [speed, duplex, driver] = await Promise.all([sys.text(`${folder}/speed`), sys.text(`${folder}/duplex`), sys.linkName(`${folder}/device/driver`)]);
  const speedMbps = Number(speed ?? -1);
  return { ...nic, speedMbps: speedMbps > 0 ? speedMbps : null, duplex: duplex === 'full' || duplex === 'half' ? duplex : 'unknown', driver: driver ?? kind };
}

async function ask(programs: Programs): Promise<string> {
  if (programs.find('ip') === null) return '';
  try {
    return (await programs.run(['ip', '-json', '-details', '-statistics', 'address', 'show'], { timeoutMs: ipMs })).stdout;
  } catch {
    // doctor names what is wrong with it; the other figures are worth having without.
    return '';
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '[]' : text);
  } catch {
    return null; // the schema refuses it
  }
}
