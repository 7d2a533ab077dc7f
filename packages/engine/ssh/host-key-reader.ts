import { createHash } from 'node:crypto';
import type { HostKey } from '@mvirt/store';
import { plainText } from '../console-hub/plain-text.ts';

/** Finds host keys in what a guest prints, piece by piece. */
export interface HostKeyReader {
  /** The keys of each block that ends in these bytes, and the number of them up to its end; of one without a readable key nothing is told. */
  push(bytes: Uint8Array): { keys: HostKey[]; bytesTo: number }[];
}

/** As cloud-init prints them at an instance's first boot (cloudinit/config/cc_keys_to_console.py, tools/write-ssh-key-fingerprints). */
const begin = '-----BEGIN SSH HOST KEY KEYS-----';
const end = '-----END SSH HOST KEY KEYS-----';

/** What an SSH client of today takes (RFC 8709, RFC 8332, RFC 5656). */
const keyTypes = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521))$/;
const keyOnLine = /(?:^|\s)(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)) ([A-Za-z0-9+/]+={0,2})(?=\s|$)/;

/** A line holds a key of 16384 bits; what is longer is none of ours, and so is a block of more keys. */
const maxLineLength = 8192;
const maxKeys = 16;

export function createHostKeyReader(): HostKeyReader {
  const decoder = new TextDecoder('latin1');
  let rest = '';
  let keys: HostKey[] | null = null;

  const take = (text: string): HostKey[] | null => {
    const line = plainText(Buffer.from(text, 'latin1'));
    if (line.includes(begin)) keys = [];
    else if (keys !== null && line.includes(end)) {
      const found = keys;
      keys = null;
      return found.length > 0 ? found : null;
    } else if (keys !== null) {
      const key = keyOf(line);
      if (key !== null && !keys.some((other) => other.key === key.key) && keys.length < maxKeys) keys.push(key);
    }
    return null;
  };

  return {
    push(bytes) {
      const text = rest + decoder.decode(bytes, { stream: true });
      const found: { keys: HostKey[]; bytesTo: number }[] = [];
      let from = 0;
      for (let to = text.indexOf('\n'); to >= 0; to = text.indexOf('\n', from)) {
        const taken = to - from > maxLineLength ? null : take(text.slice(from, to));
        if (taken !== null) found.push({ keys: taken, bytesTo: to + 1 - rest.length });
        from = to + 1;
      }
      rest = text.slice(Math.max(from, text.length - maxLineLength));
      return found;
    },
  };
}

/** A kernel's message may cut a line in two: half a key is none. */
function keyOf(line: string): HostKey | null {
  const [, type = '', key = ''] = keyOnLine.exec(line) ?? [];
  return isWhole(type, Buffer.from(key, 'base64')) ? { type, key } : null;
}

/** A key is a row of strings, each behind its length, and the first is its type (RFC 4253, 6.6). */
function isWhole(type: string, blob: Buffer): boolean {
  if (!keyTypes.test(type)) return false;
  let at = 0;
  let count = 0;
  while (at + 4 <= blob.length) {
    const length = blob.readUInt32BE(at);
    if (count === 0 && blob.toString('latin1', at + 4, at + 4 + length) !== type) return false;
    at += 4 + length;
    count += 1;
  }
  return at === blob.length && count >= 2;
}

/** As ssh-keygen -l shows a key. */
export const fingerprint = ({ key }: HostKey): string =>
  `SHA256:${createHash('sha256').update(Buffer.from(key, 'base64')).digest('base64').replace(/=+$/, '')}`;
