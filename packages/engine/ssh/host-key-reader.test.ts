import { expect, test } from 'bun:test';
import { createHostKeyReader, fingerprint } from './host-key-reader.ts';

const begin = '-----BEGIN SSH HOST KEY KEYS-----';
const end = '-----END SSH HOST KEY KEYS-----';
/** By ssh-keygen, with the fingerprint that it showed. */
const ed25519 = 'AAAAC3NzaC1lZDI1NTE5AAAAII+V7l7nAo8cYOHmiIBSFNS0VywRFu7XyhD4D2olWyu4';

const blob = (...parts: (string | Buffer)[]): string =>
  Buffer.concat(
    parts.map((part) => {
      const bytes = Buffer.from(part);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return Buffer.concat([length, bytes]);
    }),
  ).toString('base64');
const ecdsa = blob('ecdsa-sha2-nistp256', 'nistp256', Buffer.alloc(65, 4));
const rsa = blob('ssh-rsa', Buffer.from([1, 0, 1]), Buffer.alloc(257, 7));

const read = (text: string) =>
  createHostKeyReader()
    .push(Buffer.from(text))
    .map(({ keys }) => keys);

test("cloud-init's block, between other lines, with a terminal's line ends and colours", () => {
  const text = `login: \r\n\x1b[0m${begin}\r\necdsa-sha2-nistp256 ${ecdsa} root@web1\r\nssh-ed25519 ${ed25519} root@web1\r\nssh-rsa ${rsa}\r\n${end}\r\nDone\r\n`;
  expect(read(text)).toEqual([
    [
      { type: 'ecdsa-sha2-nistp256', key: ecdsa },
      { type: 'ssh-ed25519', key: ed25519 },
      { type: 'ssh-rsa', key: rsa },
    ],
  ]);
});

test('as syslog prints it, and each block by itself', () => {
  const block = (key: string) => `<14>Nov 26 01:27:33 cloud-init: ${begin}\n<14>cloud-init: ssh-ed25519 ${key} r@h\n<14>cloud-init: ${end}\n`;
  const other = blob('ssh-ed25519', Buffer.alloc(32, 9));
  expect(read(block(ed25519) + block(other))).toEqual([[{ type: 'ssh-ed25519', key: ed25519 }], [{ type: 'ssh-ed25519', key: other }]]);
});

test('byte by byte it finds the same, and where it ended', () => {
  const reader = createHostKeyReader();
  const text = `é${begin}\nssh-ed25519 ${ed25519}\n${end}\nmore`;
  const found = [...Buffer.from(text)].flatMap((byte, index) => reader.push(Buffer.from([byte])).map((one) => ({ ...one, at: index + one.bytesTo })));
  expect(found).toEqual([{ keys: [{ type: 'ssh-ed25519', key: ed25519 }], bytesTo: 1, at: Buffer.byteLength(text) - 'more'.length }]);
  expect(createHostKeyReader().push(Buffer.from(text))).toEqual([
    { keys: [{ type: 'ssh-ed25519', key: ed25519 }], bytesTo: Buffer.byteLength(text) - 'more'.length },
  ]);
});

test.each([
  ['a key that a message of the kernel cut in two', `ssh-ed25519 ${ed25519.slice(0, 40)}[ 12.3] eth0: up\n`],
  ['a key of another type than it says', `ssh-rsa ${ed25519}\n`],
  ['a type that SSH clients refuse', `ssh-dss ${blob('ssh-dss', 'x')}\n`],
  ['a key with something behind it', `ssh-ed25519 ${Buffer.concat([Buffer.from(ed25519, 'base64'), Buffer.from('more')]).toString('base64')}\n`],
  ['a type alone', `ssh-ed25519 ${blob('ssh-ed25519')}\n`],
  ['no base64', 'ssh-ed25519 ____\n'],
  ['an option of known_hosts', `@cert-authority * ssh-ed2551 ${ed25519}\n`],
])('%s is no key', (_, line) => {
  expect(read(`${begin}\n${line}${end}\n`)).toEqual([]);
  expect(read(`${begin}\n${line}ssh-rsa ${rsa}\n${end}\n`)).toEqual([[{ type: 'ssh-rsa', key: rsa }]]);
});

test('keys outside of a block, a block that never ends, and one that begins anew', () => {
  expect(read(`ssh-ed25519 ${ed25519}\n${end}\n`)).toEqual([]);
  expect(read(`${begin}\nssh-ed25519 ${ed25519}\n`)).toEqual([]);
  expect(read(`${begin}\nssh-ed25519 ${ed25519}\nreboot\n${begin}\nssh-rsa ${rsa}\n${end}\n`)).toEqual([[{ type: 'ssh-rsa', key: rsa }]]);
});

test('a guest that prints without end costs no memory, and its next block is found', () => {
  const reader = createHostKeyReader();
  const flood = Buffer.alloc(64 * 1024, 'A');
  for (let count = 0; count < 200; count++) expect(reader.push(flood)).toEqual([]);
  const many = Array.from({ length: 40 }, (_, index) => `ssh-ed25519 ${blob('ssh-ed25519', Buffer.alloc(32, index))}\n`).join('');
  expect(reader.push(Buffer.from(`\n${begin}\n${many}${end}\n`))[0]?.keys).toHaveLength(16);
});

test("a fingerprint is ssh-keygen's", () => {
  expect(fingerprint({ type: 'ssh-ed25519', key: ed25519 })).toBe('SHA256:ABRlEEM1hLhav19rQzvY7Gzw+PmcYCqAAKnpQPw+UAg');
});
