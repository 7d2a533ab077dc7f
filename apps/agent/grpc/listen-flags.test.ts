import { expect, test } from 'bun:test';
import { parseListen } from './listen-flags.ts';

const at = { cwd: '/srv', socket: '/run/mvirt/agent.sock' };
const loopback = { kind: 'tcp', host: '::1', port: 50_051, isLoopback: true } as const;
const tls = { 'grpc-tls-cert': 'c.crt', 'grpc-tls-key': '/k', 'grpc-tls-ca': 'ca.crt' };

test('nothing given is [::1]:50051, and is known to be the default', () => {
  expect(parseListen({}, at)).toEqual({ listen: [loopback], listenIsDefault: true, grpcTls: null });
  expect(parseListen({ listen: ['[::1]:50051'] }, at)).toEqual({ listen: [loopback], listenIsDefault: false, grpcTls: null });
  expect(parseListen({ listen: ['off'] }, at)).toEqual({ listen: [], listenIsDefault: false, grpcTls: null });
});

test('several, and certificates', () => {
  expect(parseListen({ listen: ['[::1]:50051', 'unix:./g', '127.0.0.1:0', '127.0.0.1:0'] }, at).listen).toHaveLength(4);
  expect(parseListen({ listen: ['0.0.0.0:1'], ...tls }, at)).toMatchObject({ grpcTls: { cert: '/srv/c.crt', key: '/k', ca: '/srv/ca.crt' } });
  expect(parseListen(tls, at)).toMatchObject({ listen: [loopback], listenIsDefault: true });
});

test.each([
  [{ listen: ['off', '[::1]:1'] }, '--listen: off stands alone (it was given beside [::1]:1)', 'or --listen off'],
  [{ listen: ['off', 'off'] }, '--listen: off stands alone', 'or --listen off'],
  [{ listen: ['nowhere'] }, '--listen: must be [::1]:PORT, 127.0.0.1:PORT, unix:PATH or off (it was given as nowhere)', '--listen [::1]:50051'],
  [{ listen: ['unix:g', 'unix:/srv/g'] }, '--listen: unix:/srv/g is given twice', 'once'],
  [{ listen: ['unix:/run/mvirt/agent.sock'] }, "is the agent's own --socket", 'another path'],
  [{ listen: ['[::1]:1', '[::]:1'] }, '--listen: [::]:1 can be reached from other hosts, which needs TLS', '--grpc-tls-cert'],
  [{ listen: ['192.0.2.1:1'] }, '192.0.2.1:1 can be reached from other hosts', 'ssh -L'],
  [{ 'grpc-tls-cert': 'c' }, '--grpc-tls-key: is missing', 'give --grpc-tls-key FILE and --grpc-tls-ca FILE too'],
  [{ ...tls, 'grpc-tls-ca': undefined }, '--grpc-tls-ca: is missing', 'give --grpc-tls-ca FILE too'],
  [{ listen: ['unix:g'], ...tls }, 'certificates are for TCP addresses', 'ADDRESS:PORT'],
  [{ listen: ['off'], ...tls }, 'certificates are for TCP addresses', 'ADDRESS:PORT'],
])('%p is refused, with a hint', (flags, message, hint) => {
  expect(() => parseListen(flags, at)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message), hint: expect.stringContaining(hint) }),
  );
});
