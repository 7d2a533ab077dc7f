import { MvirtError } from '@mvirt/domain';
import type { Programs } from '@mvirt/host';
import { z } from 'zod';
import type { Link } from '../plan.ts';

export const ipTimeoutMs = 10_000;

/** Of `ip -json -details link show` what we need (iproute2). It prints an empty object for what it filters out. */
const linksSchema = z.array(
  z.object({
    ifname: z.string().optional(),
    ifalias: z.string().optional(),
    master: z.string().optional(),
    flags: z.array(z.string()).optional(),
    linkinfo: z.object({ info_kind: z.string().optional(), info_data: z.object({ type: z.unknown() }).partial().optional() }).optional(),
  }),
);

/** All interfaces of our network namespace. @throws PROGRAM_MISSING, NETWORK_ERROR */
export async function readLinks(programs: Programs, signal?: AbortSignal): Promise<Link[]> {
  const { stdout } = await programs.run(['ip', '-json', '-details', 'link', 'show'], { timeoutMs: ipTimeoutMs, ...(signal && { signal }) });
  return parseLinks(stdout);
}

/** @throws NETWORK_ERROR */
export function parseLinks(text: string): Link[] {
  const parsed = linksSchema.safeParse(json(text));
  if (!parsed.success) {
    throw new MvirtError({ code: 'NETWORK_ERROR', message: 'ip answered what cannot be read', hint: 'iproute2 4.17 or later is needed', cause: parsed.error });
  }
  return parsed.data.flatMap(({ ifname, ifalias, master, flags, linkinfo }) => {
    if (ifname === undefined) return [];
    const kind = linkinfo?.info_kind ?? null;
    const isTap = kind === 'tun' && linkinfo?.info_data?.type === 'tap';
    const has = (flag: string): boolean => flags?.includes(flag) ?? false;
    return [{ name: ifname, alias: ifalias ?? null, kind: isTap ? 'tap' : kind, up: has('UP'), held: has('LOWER_UP'), master: master ?? null }];
  });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text === '' ? '[]' : text);
  } catch {
    // The schema refuses it, and says so.
    return null;
  }
}
