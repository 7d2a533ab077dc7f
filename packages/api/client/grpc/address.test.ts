import { expect, test } from 'bun:test';
import { parseServer, targetOf, urlOf } from './address.ts';

test.each([
  ['http://[::1]:50051', 'http://[::1]:50051', 'ipv6:[::1]:50051'],
  ['http://[::1]:50051/', 'http://[::1]:50051', 'ipv6:[::1]:50051'],
  ['[::1]', 'http://[::1]:50051', 'ipv6:[::1]:50051'],
  ['[fe80::1%eth0]:7', 'http://[fe80::1%eth0]:7', 'ipv6:[fe80::1%eth0]:7'],
  ['127.0.0.1:80', 'http://127.0.0.1:80', 'ipv4:127.0.0.1:80'],
  ['http://127.0.0.1:80', 'http://127.0.0.1:80', 'ipv4:127.0.0.1:80'],
  ['localhost:1', 'http://localhost:1', 'dns:localhost:1'],
  ['https://vm-1.example', 'https://vm-1.example:50051', 'dns:vm-1.example:50051'],
  ['https://[::1]:443', 'https://[::1]:443', 'ipv6:[::1]:443'],
  ['unix:/run/mvirt/grpc.sock', 'unix:/run/mvirt/grpc.sock', 'unix:/run/mvirt/grpc.sock'],
  ['unix:///run/a', 'unix:/run/a', 'unix:/run/a'],
  ['unix:tmp/a', 'unix:/here/tmp/a', 'unix:/here/tmp/a'],
])('%s is %s', (text, url, target) => {
  const address = parseServer(text, '/here');
  expect([urlOf(address), targetOf(address)]).toEqual([url, target]);
  expect(parseServer(urlOf(address), '/')).toEqual(address);
});

const nothing = [
  '',
  ':',
  'unix:',
  'http://',
  'http://:1',
  'host:',
  'host:0',
  'host:65536',
  'host:http',
  '::1',
  '::1:50051',
  '[::1',
  '[1.2.3.4]:1',
  '[nonsense]:1',
];
const otherUrls = ['ftp://host', 'grpc://host:1', 'http://host/path', 'http://user@host', 'http://host?x', 'http://ho st', 'https://', '-rf', '//host'];

test.each([...nothing, ...otherUrls])('"%s" is no address', (text) => {
  expect(() => parseServer(text, '/')).toThrow(`--server: "${text}" is no address of a server`);
});
