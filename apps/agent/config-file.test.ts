import { expect, test } from 'bun:test';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { parseConfig } from './config.ts';
import { parseConfigFile } from './config-file.ts';

const text = `# what an agent is told
data-dir = "/srv/vms"   # a comment
"socket" = '/srv/agent.sock'
listen = [
  "[::1]:1", # one
  "unix:/srv/g.sock",
]

hypervisor = "qemu"
`;
const surroundings = { uid: 7, env: {}, cwd: '/work' };
const thrown = (act: () => unknown): MvirtError => {
  try {
    act();
  } catch (error) {
    if (error instanceof MvirtError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
};

test('keys are the names of flags, with the lines on which they stand', () => {
  expect(parseConfigFile('f', text)).toEqual({
    path: 'f',
    values: { 'data-dir': ['/srv/vms'], socket: ['/srv/agent.sock'], listen: ['[::1]:1', 'unix:/srv/g.sock'], hypervisor: ['qemu'] },
    lines: { 'data-dir': 2, socket: 3, listen: 4, hypervisor: 9 },
  });
  expect(parseConfigFile('f', '\ufeff# nothing\r\n\r\n')).toMatchObject({ values: {} });
  expect(parseConfigFile('f', 'listen = "off"').values).toEqual({ listen: ['off'] });
});

test.each([
  ['data-dir = "/a"\n\n# x\ndatadir = "/b"\n', 'f, line 4: there is no key "datadir"', 'it is written data-dir'],
  ['Log_Level = "info"', 'f, line 1: there is no key "Log_Level"', 'it is written log-level'],
  ['log-levl = "info"', 'f, line 1: there is no key "log-levl"', 'it is written log-level'],
  ['colour = 1', 'f, line 1: there is no key "colour"', 'the keys are data-dir, socket,'],
  ['__proto__ = "x"', 'f, line 1: there is no key "__proto__"', 'the keys are'],
  ['[agent]\nsocket = "/s"\n', 'f, line 1: there is no key "agent"', 'the keys are'],
  ['\n\nsocket.path = "/s"', 'f, line 3: socket: must be text in quotes', 'write it like "/run/mvirt/agent.sock"'],
  ['listen = [\n "[::1]:1",\n 7\n]', 'f, line 1: listen: must be text in quotes, or a list of it', 'write it like ['],
  ['listen = []', 'f, line 1: listen: the list is empty', 'leave the key out'],
  ['listen = ["unix:g.sock"]', 'f, line 1: listen: unix:g.sock must be absolute', 'begins with /'],
  ['# one\ndata-dir = "vms"', 'f, line 2: data-dir: vms must be absolute', 'begins with /'],
  ['bridge = "a"\nbridge = "b"', 'f, line 2: ', 'key = "value"'],
  ['bridge = br9', 'f, line 1: ', 'key = "value"'],
  ['bridge "br9"', 'f, line 1: ', 'key = "value"'],
  ['bridge = "br9', 'f, line 1: ', 'key = "value"'],
])('%p is refused with its line and a hint', (wrong, message, hint) => {
  const error = thrown(() => parseConfigFile('f', wrong));
  expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', hint: expect.stringContaining(hint) });
  expect(error.message).toStartWith(message);
});

test('a flag goes before the environment, that before the file, and the file before the defaults', () => {
  using dir = tempDir('config');
  const config = dir.join('agent.toml');
  writeFileSync(config, `${text}log-level = "error"\n`);
  const read = parseConfig(['--config', 'agent.toml', '--socket', 's'], { ...surroundings, cwd: dir.path, env: { MVIRT_LOG: 'warn' } });
  expect(read).toMatchObject({
    file: config,
    dataDir: '/srv/vms',
    socket: dir.join('s'),
    hypervisor: 'qemu',
    bridge: 'br0',
    logLevel: 'warn',
    listenIsDefault: false,
  });
  expect(parseConfig(['--config', config, '--log-level', 'debug', '--listen', 'off'], surroundings)).toMatchObject({ logLevel: 'debug', listen: [] });
  expect(parseConfig(['--config', config], surroundings)).toMatchObject({ logLevel: 'error' });
});

test('the usual file is read where it is there, and no other one has to be there', () => {
  using dir = tempDir('config');
  const env = { HOME: dir.path };
  expect(parseConfig([], { ...surroundings, env })).toMatchObject({ file: null });
  mkdirSync(dir.join('.config/mvirt'), { recursive: true });
  const usual = dir.join('.config/mvirt/agent.toml');
  writeFileSync(usual, 'bridge = "br7"\n');
  expect(parseConfig([], { ...surroundings, env })).toMatchObject({ file: usual, bridge: 'br7' });
  expect(parseConfig(['--config', 'none'], { ...surroundings, env })).toMatchObject({ file: null, bridge: 'br0' });
  expect(thrown(() => parseConfig(['--config', dir.join('other')], surroundings)).message).toBe(`--config: ${dir.join('other')} is not there`);
  writeFileSync(usual, Buffer.from([0x62, 0xff, 0xfe]));
  expect(thrown(() => parseConfig([], { ...surroundings, env })).message).toBe(`${usual}, line 1: the file is not UTF-8 text`);
  expect(thrown(() => parseConfig(['--config', dir.path], surroundings))).toMatchObject({ code: 'DENIED', message: `${dir.path} cannot be read: EISDIR` });
});

test.each([
  ['\nhypervisor = "xen"\n', 'line 2: hypervisor: '],
  ['bridge = "a/b"\n', 'line 1: bridge: must be the name of a bridge'],
  ['# a\nlisten = ["[::]:1"]\n', 'line 2: listen: [::]:1 can be reached from other hosts'],
  ['grpc-tls-cert = "/c"\n', '--grpc-tls-key: is missing'],
])('a value that no agent takes names its line: %p', (wrong, message) => {
  using dir = tempDir('config');
  const path = dir.join('agent.toml');
  writeFileSync(path, wrong);
  chmodSync(path, 0o600);
  const error = thrown(() => parseConfig(['--config', path], surroundings));
  expect(error.message).toContain(message);
  expect(error.message.startsWith(`${path}, line `)).toBe(!message.startsWith('--'));
});
