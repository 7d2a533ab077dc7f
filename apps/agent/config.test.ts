import { expect, test } from 'bun:test';
import { MvirtError } from '@mvirt/domain';
import { parseConfig } from './config.ts';

/** Whatever this machine has in /etc. */
const noFile = ['--config', 'none'];
const root = { uid: 0, env: {}, cwd: '/srv' };

test("root's places, and an ordinary user's", () => {
  expect(parseConfig(noFile, root)).toEqual({
    dataDir: '/var/lib/mvirt',
    socket: '/run/mvirt/agent.sock',
    bridge: 'br0',
    listen: [{ kind: 'tcp', host: '::1', port: 50_051, isLoopback: true }],
    listenIsDefault: true,
    grpcTls: null,
    hypervisor: 'auto',
    logLevel: 'info',
    file: null,
  });
  const env = { HOME: '/home/ann', XDG_RUNTIME_DIR: '/run/user/7' };
  expect(parseConfig(noFile, { uid: 7, env, cwd: '/' })).toMatchObject({ dataDir: '/home/ann/.local/share/mvirt', socket: '/run/user/7/mvirt/agent.sock' });
  expect(parseConfig(noFile, { uid: 7, env: { ...env, XDG_DATA_HOME: '/data' }, cwd: '/' }).dataDir).toBe('/data/mvirt');
});

test('flags, and the log level from the environment', () => {
  const argv = [...noFile, '--data-dir', 'd', '--socket=s', '--bridge', 'br9', '--listen', 'off', '--hypervisor', 'qemu'];
  expect(parseConfig(argv, { ...root, env: { MVIRT_LOG: 'warn' } })).toEqual({
    dataDir: '/srv/d',
    socket: '/srv/s',
    bridge: 'br9',
    listen: [],
    listenIsDefault: false,
    grpcTls: null,
    hypervisor: 'qemu',
    logLevel: 'warn',
    file: null,
  });
  expect(parseConfig([...noFile, '--log-level', 'debug'], { ...root, env: { MVIRT_LOG: 'warn' } }).logLevel).toBe('debug');
});

test.each([
  [['--listen', '[::1]'], '--listen: must be [::1]:PORT, 127.0.0.1:PORT, unix:PATH or off (it was given as [::1])', 'it may be repeated'],
  [['--listen', 'off', '--listen', '[::1]:1'], '--listen: off stands alone', ''],
  [['--listen', '[::]:1'], '--listen: [::]:1 can be reached from other hosts', '--grpc-tls-cert'],
  [['--grpc-tls-cert', ''], '--grpc-tls-cert: must not be empty', ''],
  [['--grpc-tls-key', 'k'], '--grpc-tls-cert: is missing', '--grpc-tls-ca FILE'],
  [['--socket', `/${'s'.repeat(107)}`], '--socket: is longer than the 107 bytes', 'relative path'],
  [['--bridge', 'a/b'], '--bridge: must be the name of a bridge', ''],
  [['--hypervisor', 'xen'], '--hypervisor: ', ''],
  [['--log-level', 'loud'], '--log-level: ', 'MVIRT_LOG'],
  [['--data-dir', ''], '--data-dir: must not be empty', ''],
  [['--colour'], "Unknown option '--colour'", '--data-dir'],
  [['web'], 'Unexpected argument', '--data-dir'],
])('%p is refused, with a hint', (argv, message, hint) => {
  try {
    parseConfig([...noFile, ...argv], root);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(MvirtError);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
  }
});

test('several --listen', () => {
  expect(parseConfig([...noFile, '--listen', '[::1]:1', '--listen=unix:./g.sock'], root).listen).toEqual([
    { kind: 'tcp', host: '::1', port: 1, isLoopback: true },
    { kind: 'unix', path: '/srv/g.sock' },
  ]);
});

test('a short relative --socket may stand for a long path', () => {
  const cwd = `/${'d'.repeat(150)}`;
  expect(parseConfig([...noFile, '--socket', 'tmp/agent.sock'], { ...root, cwd }).socket).toBe(`${cwd}/tmp/agent.sock`);
});
