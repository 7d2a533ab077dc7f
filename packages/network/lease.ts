import { formatAddress, parseAddress } from './ip.ts';

/** An address that a network's server has given. mac: null for IPv6, where the client's own id is all that is kept. */
export type Lease = { address: string; mac: string | null; expiresAtMs: number | null };

/**
 * dnsmasq's lease file (dnsmasq(8), --dhcp-leasefile): `EXPIRY MAC ADDRESS NAME CLIENT-ID`, and after a `duid` line
 * `EXPIRY IAID ADDRESS NAME DUID`. A line that is half written is left out: the file is read again when it changes.
 */
export function parseLeases(text: string): Lease[] {
  return text.split('\n').flatMap((line) => {
    const [expiry = '', id = '', where = '', name, client] = line.split(' ');
    const address = parseAddress(where);
    if (!/^\d+$/.test(expiry) || address === null || name === undefined || client === undefined) return [];
    const expiresAtMs = expiry === '0' ? null : Number(expiry) * 1000;
    const mac = address.family === 'ipv4' && /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(id) ? id : null;
    return address.family === 'ipv4' && mac === null ? [] : [{ address: formatAddress(address), mac, expiresAtMs }];
  });
}
