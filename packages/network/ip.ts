export type Family = 'ipv4' | 'ipv6';
export type Address = { family: Family; value: bigint };
/** A subnet: `base` has no bit set below `length`. */
export type Prefix = { family: Family; base: bigint; length: number };

const bits = { ipv4: 32, ipv6: 128 } as const;

/** null: no address. IPv4 in dotted form, IPv6 as RFC 4291 writes it (no zone, no embedded IPv4). */
export function parseAddress(text: string): Address | null {
  const value = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return value === null ? null : { family: text.includes(':') ? 'ipv6' : 'ipv4', value };
}

/** ADDRESS/LENGTH, also where the address lies inside the subnet; null: no subnet. */
export function parsePrefix(text: string): Prefix | null {
  const [, before = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const address = parseAddress(before);
  const length = Number(digits);
  if (address === null || digits === '' || length > bits[address.family]) return null;
  return { family: address.family, base: address.value & maskOf(address.family, length), length };
}

/** The shortest form, as RFC 5952 wants it for IPv6. */
export function formatAddress({ family, value }: Address): string {
  if (family === 'ipv4') return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 0xffn).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const run = longestZeroRun(groups);
  if (run === null) return groups.join(':');
  return `${groups.slice(0, run.start).join(':')}::${groups.slice(run.end).join(':')}`;
}

export const formatPrefix = ({ family, base, length }: Prefix): string => `${formatAddress({ family, value: base })}/${length}`;

export const contains = (prefix: Prefix, { family, value }: Address): boolean =>
  family === prefix.family && (value & maskOf(family, prefix.length)) === prefix.base;

export function overlaps(a: Prefix, b: Prefix): boolean {
  if (a.family !== b.family) return false;
  const mask = maskOf(a.family, Math.min(a.length, b.length));
  return (a.base & mask) === (b.base & mask);
}

/** The address at this place of the subnet; 0 is its first. */
export const addressAt = ({ family, base }: Prefix, place: bigint): Address => ({ family, value: base + place });

/** How many addresses it holds. */
export const sizeOf = ({ family, length }: Prefix): bigint => 1n << BigInt(bits[family] - length);

export const netmask = ({ family, length }: Prefix): string => formatAddress({ family, value: maskOf(family, length) });

/** The address that a host derives from its MAC (RFC 4291, appendix A) in a prefix of 64 bits. */
export function eui64(prefix: Prefix, mac: string): Address {
  const bytes = mac.split(':').map((byte) => BigInt(Number.parseInt(byte, 16)));
  const [first = 0n, second = 0n, third = 0n, ...rest] = bytes;
  const id = [first ^ 2n, second, third, 0xffn, 0xfen, ...rest].reduce((all, byte) => (all << 8n) | byte, 0n);
  return { family: 'ipv6', value: prefix.base | id };
}

export const linkLocal: Prefix = { family: 'ipv6', base: 0xfe80n << 112n, length: 64 };

const maskOf = (family: Family, length: number): bigint => ((1n << BigInt(length)) - 1n) << BigInt(bits[family] - length);

function parseIpv4(text: string): bigint | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return null;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseIpv6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const [head, tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const left = head ?? [];
  const right = tail ?? [];
  const zeros = 8 - left.length - right.length;
  if (halves.length === 2 ? zeros < 1 : zeros !== 0) return null;
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

/** Of two or more groups; the first where several are as long. */
function longestZeroRun(groups: readonly string[]): { start: number; end: number } | null {
  let best: { start: number; end: number } | null = null;
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (groups[end] === '0') end++;
    if (end - start >= 2 && end - start > (best === null ? 0 : best.end - best.start)) best = { start, end };
    start = Math.max(start, end);
  }
  return best;
}
