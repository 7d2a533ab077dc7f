import { resolve } from 'node:path';
import { usageError } from './usage-error.ts';

/** A whole number as people write it. @throws INVALID_ARGUMENT */
export function wholeNumber(text: string, what: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw usageError(`${what}: "${text}" is not a whole number`);
}

/** Mebibytes: 512, 512M, 2G, 2GiB. @throws INVALID_ARGUMENT */
export function memoryMib(text: string): number {
  const match = /^(\d{1,9})\s*(M|MB|MiB|G|GB|GiB)?$/i.exec(text);
  if (match === null) throw usageError(`memory: "${text}" is not a size such as 512, 512M or 2G`);
  return Number(match[1]) * (match[2]?.toUpperCase().startsWith('G') ? 1024 : 1);
}

/** Bytes of a disk: 512M, 20G, 1T; a bare number is MiB. @throws INVALID_ARGUMENT */
export function sizeBytes(text: string, what: string): number {
  const match = /^(\d{1,9})\s*(M|MB|MiB|G|GB|GiB|T|TB|TiB)?$/i.exec(text);
  if (match === null) throw usageError(`${what}: "${text}" is not a size such as 512M, 20G or 1T`);
  const power = { M: 20, G: 30, T: 40 }[match[2]?.[0]?.toUpperCase() ?? 'M'] ?? 20;
  return Number(match[1]) * 2 ** power;
}

const units: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds: 60, 60s, 500ms, 5m, 1h; a bare number is seconds. @throws INVALID_ARGUMENT */
export function durationMs(text: string, what: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text);
  if (match === null) throw usageError(`${what}: "${text}" is not a time such as 30, 30s or 5m`);
  return Number(match[1]) * (units[match[2] ?? 's'] ?? 1000);
}

/** A moment: RFC 3339, or how long ago (10m). @throws INVALID_ARGUMENT */
export function moment(text: string, nowMs: number): number {
  if (/^\d+(ms|s|m|h|d)$/.test(text)) return nowMs - durationMs(text, '--since');
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw usageError(`--since: "${text}" is neither a time such as 2026-01-31T12:00:00Z nor an age such as 10m`);
  return time;
}

/** key=value. @throws INVALID_ARGUMENT */
export function pair(text: string, what: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw usageError(`${what}: "${text}" is not of the form key=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Splits at commas; a doubled comma stands for one. */
export function commaParts(text: string): string[] {
  // Split at single commas: a pair is put aside first.
  return text
    .replaceAll(',,', '\0')
    .split(',')
    .map((part) => part.replaceAll('\0', ','));
}

export type DiskValue = { path: string; readonly: boolean; format?: 'raw' | 'qcow2' };

/** PATH[,ro][,format=raw|qcow2], relative to the caller's folder. @throws INVALID_ARGUMENT */
export function disk(text: string, cwd: string): DiskValue {
  const [path = '', ...words] = commaParts(text);
  if (path === '') throw usageError('--disk: the path is missing');
  const value: DiskValue = { path: resolve(cwd, path), readonly: false };
  for (const word of words) {
    if (word === 'ro') value.readonly = true;
    else if (word === 'format=raw') value.format = 'raw';
    else if (word === 'format=qcow2') value.format = 'qcow2';
    else throw usageError(`--disk: "${word}" is not ro, format=raw or format=qcow2 (a comma in a path is doubled)`);
  }
  return value;
}

export type NicValue = { tap: string | null; mac: string | null; network: string | null; ips: string[] };

/** NETWORK or bridge:NAME or tap=NAME, then ,mac=M and ,ip=A (of each family one). @throws INVALID_ARGUMENT */
export function network(text: string): NicValue {
  const [first = '', ...words] = commaParts(text);
  const tap = first.startsWith('tap=') ? first.slice(4) : null;
  if (first === '' || (tap === null && first.includes('='))) {
    throw usageError(`--network: "${first}" is no network: give default, the NAME of another, bridge:NAME or tap=NAME first`);
  }
  const value: NicValue = { tap, mac: null, network: tap === null ? first : null, ips: [] };
  for (const word of words) {
    if (word.startsWith('mac=')) value.mac = word.slice(4);
    else if (word.startsWith('ip=')) value.ips.push(word.slice(3));
    else throw usageError(`--network: "${word}" is neither mac=ADDRESS nor ip=ADDRESS`);
  }
  return value;
}
