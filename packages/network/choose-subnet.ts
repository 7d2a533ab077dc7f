import { createHash } from 'node:crypto';
import { MvirtError } from '@mvirt/domain';
import { type Family, formatPrefix, overlaps, type Prefix, parsePrefix, sizeOf } from './ip.ts';

/** 10.128.0.0/9 is where few others begin; a network of ours holds 1,021 NICs. */
const ipv4Pool: Prefix = { family: 'ipv4', base: 0x0a80_0000n, length: 9 };
const ipv4Length = 22;
/** RFC 4193: fd, 40 random bits, 16 bits of subnet. */
const ulaLength = 64;
/** As many as the pool holds. */
const attempts = 8192;

/**
 * A subnet for a network that collides with nothing given: the same for the same seed where it is free.
 * seed: tells hosts apart, so that two of them seldom have the same one. @throws ADDRESS_TAKEN where none is free.
 */
export function chooseSubnet(family: Family, seed: string, taken: readonly Prefix[]): Prefix {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const candidate = family === 'ipv4' ? ipv4Candidate(seed, attempt) : ulaCandidate(seed, attempt);
    if (!taken.some((other) => overlaps(other, candidate))) return candidate;
  }
  throw new MvirtError({
    code: 'ADDRESS_TAKEN',
    message: `no ${family === 'ipv4' ? 'IPv4 subnet in 10.128.0.0/9' : 'IPv6 prefix'} is free: the host's routes and addresses cover it`,
    hint: `name one: mvirt network create NAME --${family} SUBNET, or --${family} none`,
  });
}

/** A subnet that was asked for. @throws INVALID_ARGUMENT, ADDRESS_TAKEN naming what it overlaps. */
export function checkSubnet(family: Family, text: string, taken: readonly { prefix: Prefix; owner: string }[]): Prefix {
  const prefix = parsePrefix(text);
  const refuse = (what: string, hint: string) => new MvirtError({ code: 'INVALID_ARGUMENT', message: `${family}: ${text} ${what}`, hint });
  if (prefix?.family !== family) throw refuse(`is no ${family === 'ipv4' ? 'IPv4 subnet' : 'IPv6 prefix'}`, `such as ${example[family]}`);
  const canonical = formatPrefix(prefix);
  if (!sameBase(text, prefix)) throw refuse('has bits set beyond its length', `give ${canonical}`);
  if (family === 'ipv6' && prefix.length !== ulaLength)
    throw refuse('is not 64 bits long, which guests need to make addresses of their own', `such as ${example.ipv6}`);
  if (family === 'ipv4' && sizeOf(prefix) < 4n) throw refuse('has no room for a host and a VM', `such as ${example.ipv4}`);
  if (family === 'ipv4' && prefix.length < 8) throw refuse('is too large', `such as ${example.ipv4}`);
  const reserved = unusable[family].find((other) => overlaps(other, prefix));
  if (reserved) throw refuse(`cannot be a network's: ${formatPrefix(reserved)} has another meaning`, `such as ${example[family]}`);
  const other = taken.find((one) => overlaps(one.prefix, prefix));
  if (other) {
    const message = `${family}: ${canonical} overlaps ${formatPrefix(other.prefix)} ${other.owner}`;
    throw new MvirtError({ code: 'ADDRESS_TAKEN', message, hint: `choose another, or leave --${family} out: the agent then finds one that is free` });
  }
  return prefix;
}

const example = { ipv4: '10.9.0.0/24', ipv6: 'fd12:3456:789a::/64' } as const;

const sameBase = (text: string, prefix: Prefix): boolean => {
  const whole = parsePrefix(text.replace(/\/.*/, prefix.family === 'ipv4' ? '/32' : '/128'));
  return whole?.base === prefix.base;
};

const prefixes = (...texts: string[]): Prefix[] => texts.flatMap((text) => parsePrefix(text) ?? []);

/** This host, loopback, link-local, multicast and reserved (RFC 6890). */
const unusable: Record<Family, Prefix[]> = {
  ipv4: prefixes('0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'),
  ipv6: prefixes('::/8', 'fe80::/10', 'ff00::/8'),
};

function ipv4Candidate(seed: string, attempt: number): Prefix {
  const count = 1 << (ipv4Length - ipv4Pool.length);
  const place = (Number(digest(`${seed}/ipv4`) & 0xffff_ffffn) + attempt) % count;
  return { family: 'ipv4', base: ipv4Pool.base + BigInt(place) * (1n << BigInt(32 - ipv4Length)), length: ipv4Length };
}

function ulaCandidate(seed: string, attempt: number): Prefix {
  const globalId = digest(`${seed}/ipv6/${attempt}`) & 0xff_ffff_ffffn;
  return { family: 'ipv6', base: (0xfdn << 120n) | (globalId << 80n), length: ulaLength };
}

const digest = (text: string): bigint => BigInt(`0x${createHash('sha256').update(text).digest('hex').slice(0, 16)}`);
