import { expect, test } from 'bun:test';
import { MvirtError } from '@mvirt/domain';
import { parseConfig } from './config.ts';

const root = { uid: 0, env: {}, cwd: '/srv' };

test("root's places, and an ordinary user's", () => {
  expect(parseConfig([], root)).toEqual({ dataDir: '/var/lib/mvirt', socket: '/run/mvirt/agent.sock', bridge: 'br0', hypervisor: 'auto', logLevel: 'info' });
  const env = { HOME: '/home/ann', XDG_RUNTIME_DIR: '/run/user/7' };
  expect(parseConfig([], { uid: 7, env, cwd: '/' })).toMatchObject({ dataDir: '/home/ann/.local/share/mvirt', socket: '/run/user/7/mvirt/agent.sock' });
  expect(parseConfig([], { uid: 7, env: { ...env, XDG_DATA_HOME: '/data' }, cwd: '/' }).dataDir).toBe('/data/mvirt');
});

test('flags, and the log level from the environment', () => {
  const argv = ['--data-dir', 'd', '--socket=s', '--bridge', 'br9', '--listen', 'off', '--hypervisor', 'qemu'];
  expect(parseConfig(argv, { ...root, env: { MVIRT_LOG: 'warn' } })).toEqual({
    dataDir: '/srv/d',
    socket: '/srv/s',
    bridge: 'br9',
    hypervisor: 'qemu',
    logLevel: 'warn',
  });
  expect(parseConfig(['--log-level', 'debug'], { ...root, env: { MVIRT_LOG: 'warn' } }).logLevel).toBe('debug');
});

test.each([
  [['--listen', '[::1]:50051'], '--listen: off is the only value so far: clients use the socket (it was given as [::1]:50051)', 'leave --listen out'],
  [['--socket', `/${'s'.repeat(107)}`], '--socket: is longer than the 107 bytes', 'relative path'],
  [['--bridge', 'a/b'], '--bridge: must be the name of a bridge', ''],
  [['--hypervisor', 'xen'], '--hypervisor: ', ''],
  [['--log-level', 'loud'], '--log-level: ', 'MVIRT_LOG'],
  [['--data-dir', ''], '--data-dir: must not be empty', ''],
  [['--colour'], "Unknown option '--colour'", '--data-dir'],
  [['web'], 'Unexpected argument', '--data-dir'],
])('%p is refused, with a hint', (argv, message, hint) => {
  try {
    parseConfig(argv, root);
    expect.unreachable();
  } catch (error) {
    expect(error).toBeInstanceOf(MvirtError);
    expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message), hint: expect.stringContaining(hint) });
  }
});

test('a short relative --socket may stand for a long path', () => {
  const cwd = `/${'d'.repeat(150)}`;
  expect(parseConfig(['--socket', 'tmp/agent.sock'], { ...root, cwd }).socket).toBe(`${cwd}/tmp/agent.sock`);
});
