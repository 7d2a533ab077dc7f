import { createHash } from 'node:crypto';

const isMime = /^(content-type|mime-version):/i;

/** A MIME message of the user's user-data, of whatever kind, and a cloud-config of ours behind it. Equal texts give equal bytes. */
export function multipart(text: string, ours: string): string {
  const boundary = `mvirt-${createHash('sha256').update(text).update('\0').update(ours).digest('hex').slice(0, 32)}`;
  const parts = [userPart(text), part('text/cloud-config', ours)];
  const body = parts.map((one) => `--${boundary}\n${one}`).join('');
  return `Content-Type: multipart/mixed; boundary="${boundary}"\nMIME-Version: 1.0\n\n${body}--${boundary}--\n`;
}

/** A message of the user's own is a part as it is: cloud-init walks into it. For plain text, cloud-init looks at the first line. */
function userPart(text: string): string {
  if (!isMime.test(text)) return part('text/plain', text);
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** base64, since Python reads an 8-bit part of a message as Latin-1. */
function part(type: string, text: string): string {
  const lines =
    Buffer.from(text)
      .toString('base64')
      .match(/.{1,76}/g) ?? [];
  return `Content-Type: ${type}; charset="utf-8"\nContent-Transfer-Encoding: base64\n\n${lines.join('\n')}\n`;
}
