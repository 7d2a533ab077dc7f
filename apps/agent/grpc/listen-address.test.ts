import { expect, test } from 'bun:test';
import { defaultListen, type ListenAddress, parseListenAddress, showAddress } from './listen-address.ts';

const parse = (text: string) => parseListenAddress(text, '/srv');
const tcp = (host: string, port: number, isLoopback: boolean) => ({ kind: 'tcp', host, port, isLoopback }) as const;

const unix = (path: string): ListenAddress => ({ kind: 'unix', path });

test.each<[string, ListenAddress]>([
  ['[::1]:50051', tcp('::1', 50_051, true)],
  ['[0:0::0001]:0', tcp('0:0::0001', 0, true)],
  ['127.0.0.1:1', tcp('127.0.0.1', 1, true)],
  ['127.1.2.3:65535', tcp('127.1.2.3', 65_535, true)],
  ['[::ffff:127.0.0.1]:7', tcp('::ffff:127.0.0.1', 7, true)],
  ['[::]:50051', tcp('::', 50_051, false)],
  ['[::ffff:10.0.0.1]:7', tcp('::ffff:10.0.0.1', 7, false)],
  ['[fe80::1%eth0]:7', tcp('fe80::1%eth0', 7, false)],
  ['[::127.0.0.1]:7', tcp('::127.0.0.1', 7, false)],
  ['0.0.0.0:50051', tcp('0.0.0.0', 50_051, false)],
  ['192.0.2.1:50051', tcp('192.0.2.1', 50_051, false)],
  ['unix:/run/grpc.sock', unix('/run/grpc.sock')],
  ['unix:///run/grpc.sock', unix('/run/grpc.sock')],
  ['unix:./tmp/grpc.sock', unix('/srv/tmp/grpc.sock')],
])('%s', (text, address) => expect(parse(text)).toEqual(address));

test.each([
  ['', 'must be [::1]:PORT'],
  ['50051', 'must be [::1]:PORT'],
  ['::1:50051', 'must be [::1]:PORT'],
  ['[::1]', 'must be [::1]:PORT'],
  ['[::1]:', 'must be [::1]:PORT'],
  ['[::1]:-1', 'must be [::1]:PORT'],
  ['[::1]:65536', 'above 65535'],
  ['[127.0.0.1]:7', 'no IPv6 address'],
  ['[]:7', 'no IPv6 address'],
  [':7', 'names are not looked up'],
  ['*:7', 'names are not looked up'],
  ['example:7', 'names are not looked up'],
  ['127.1:7', 'names are not looked up'],
  ['localhost:50051', 'each client chooses'],
  ['unix:', 'names no path'],
  [`unix:/${'x'.repeat(107)}`, 'longer than the 107 bytes'],
  ['http://[::1]:50051', 'must be [::1]:PORT'],
])('%p is refused: %s', (text, why) => expect(parse(text)).toEqual(expect.stringContaining(why)));

test('shown as it is given', () => {
  expect(showAddress(defaultListen)).toBe('[::1]:50051');
  for (const text of ['127.0.0.1:7', '[::]:7', 'unix:/run/x']) {
    const address = parse(text);
    expect(typeof address === 'string' ? address : showAddress(address)).toBe(text);
  }
});
