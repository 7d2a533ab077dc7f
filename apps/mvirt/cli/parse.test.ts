import { expect, test } from 'bun:test';
import { MvirtError } from '@mvirt/domain/error';
import { commands } from '../commands/registry.ts';
import { type Parsed, parse } from './parse.ts';

function command(...argv: string[]): Extract<Parsed, { kind: 'command' }> {
  const parsed = parse(argv);
  if (parsed.kind !== 'command') throw new Error(`${argv.join(' ')} is ${parsed.kind}`);
  return parsed;
}

function refusal(...argv: string[]): MvirtError {
  try {
    parse(argv);
  } catch (error) {
    if (error instanceof MvirtError) return error;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was taken`);
}

const noServer = { server: undefined, tlsCa: undefined, tlsCert: undefined, tlsKey: undefined };

const words = (name: string): string[] => {
  const { arguments: wanted = [] } = commands.find((one) => one.name === name) ?? {};
  return wanted.map(({ choices, name: word }) => choices?.[0] ?? (word === 'CHANGE' ? 'name=b' : 'x'));
};

for (const definition of commands.filter(({ raw }) => !raw)) {
  const { name, aliases = [], options } = definition;
  const called = name.split(' ');
  test(`${name}: its aliases, arguments and every option`, () => {
    for (const alias of [name, ...aliases]) expect(command(...alias.split(' '), ...words(name)).command).toBe(definition);
    for (const option of options) {
      const value = option.choices?.[0] ?? 'value';
      const flag = option.value === undefined ? [`--${option.name}`] : [`--${option.name}`, value];
      const expected = option.value === undefined ? [''] : [value];
      expect(command(...called, ...words(name), ...flag).invocation.options).toEqual({ [option.name]: expected });
      expect(command(...called, ...flag, ...words(name)).invocation.options).toEqual({ [option.name]: expected });
      if (option.short)
        expect(command(...called, ...words(name), `-${option.short}`, ...flag.slice(1)).invocation.options).toEqual({ [option.name]: expected });
      if (option.many) expect(command(...called, ...words(name), ...flag, ...flag).invocation.options).toEqual({ [option.name]: [value, value] });
      if (option.choices) expect(refusal(...called, ...words(name), `--${option.name}`, 'nonsense').message).toContain(option.choices.join(', '));
    }
  });

  test(`${name}: what is wrong is said with a hint that names it`, () => {
    const errors = [refusal(...called, ...words(name), '--nonsense'), refusal(...called, '--socket')];
    if (words(name).length > 0) errors.push(refusal(...called));
    if (!definition.arguments.some(({ many }) => many)) errors.push(refusal(...called, ...words(name), 'and', 'more'));
    for (const error of errors) expect([error.code, error.hint]).toEqual(['INVALID_ARGUMENT', `mvirt ${name} --help shows what it takes`]);
  });

  test(`${name}: the global options are alike before and after it`, () => {
    const after = command(...called, ...words(name), '--socket', '/s', '--json').invocation;
    expect(command('--socket', '/s', '--json', ...called, ...words(name)).invocation).toEqual(after);
    expect(command('--json', ...called, ...words(name), '--socket=/s').invocation).toEqual(after);
    expect([after.socketFlag, after.json]).toEqual(['/s', true]);
    expect(command(...called, ...words(name)).invocation).toMatchObject({ socketFlag: undefined, json: false });
  });

  test(`${name}: help shows every option and example`, () => {
    const help = parse([...called, '--help']);
    if (help.kind !== 'help') throw new Error('no help');
    for (const option of options) expect(help.text).toContain(`--${option.name}`);
    for (const example of definition.examples) expect(help.text).toContain(example);
    expect(parse(['help', ...called])).toEqual(help);
    for (const alias of aliases) expect(parse(['help', ...alias.split(' ')])).toEqual(help);
  });
}

test('several VMs are gathered, and -- ends the options', () => {
  expect(command('start', 'a', 'b', 'c').invocation.args).toEqual({ vm: ['a', 'b', 'c'] });
  expect(command('start', '--', '-rf', '--json').invocation).toMatchObject({ args: { vm: ['-rf', '--json'] }, json: false });
  expect(command('set', 'a', 'name=b', 'vcpus=2').invocation.args).toEqual({ vm: ['a'], change: ['name=b', 'vcpus=2'] });
});

test('what follows agent is handed over as it is', () => {
  expect(command('--socket', '/s', 'agent', '--data-dir', '/d', '--help').invocation).toMatchObject({ rest: ['--data-dir', '/d', '--help'], socketFlag: '/s' });
  expect(command('help', 'agent').invocation.rest).toEqual(['--help']);
});

test('no command is the full-screen UI', () => {
  expect(parse([])).toEqual({ kind: 'ui', socketFlag: undefined, server: noServer, mouse: true, theme: undefined });
  const flags = ['--socket', '/s', '--no-mouse', '--theme', 'light'];
  expect(parse(flags)).toEqual({ kind: 'ui', socketFlag: '/s', server: noServer, mouse: false, theme: 'light' });
  expect(() => parse(['--theme', 'neon'])).toThrow(/dark, light, ansi, plain/);
});

test('help names every command', () => {
  const help = parse(['--help']);
  if (help.kind !== 'help') throw new Error('no help');
  for (const { name } of commands) expect(help.text).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  expect(parse(['help'])).toEqual(help);
  expect(parse(['-h'])).toEqual(help);
});

test.each([
  ['lst', 'list'],
  ['delte', 'delete'],
  ['cosole', 'console'],
])('%s may have meant %s', (typed, meant) => {
  for (const argv of [[typed], ['help', typed]]) {
    const { message, hint } = refusal(...argv);
    expect(message).toContain(`unknown command '${typed}' (Did you mean`);
    expect(message).toContain(meant);
    expect(hint).toBe('mvirt --help shows all commands');
  }
});

test('the server and its certificates, before and after the command', () => {
  const flags = ['--server', 'https://host', '--tls-ca', 'ca', '--tls-cert', 'cert', '--tls-key', 'key'];
  const server = { server: 'https://host', tlsCa: 'ca', tlsCert: 'cert', tlsKey: 'key' };
  expect(command('list', ...flags).server).toEqual(server);
  expect(command(...flags, 'list').server).toEqual(server);
  expect(parse(flags)).toMatchObject({ kind: 'ui', server });
  expect(command('list').server).toEqual(noServer);
});

test('help shows the server where the command speaks gRPC', () => {
  for (const { name, overGrpc } of commands.filter(({ raw }) => !raw)) {
    const help = parse([...name.split(' '), '--help']);
    expect([name, help.kind === 'help' && help.text.includes('--server <URL>')]).toEqual([name, overGrpc === true]);
  }
});

test.each([
  [['create', '--name', 'n', '--vcpus', '2', '--memory', '512', '--kernel', '/k', '--disk', '/d', '--cmdline', 'a b', '--user-data', '/u'], 'create'],
  [['list'], 'list'],
  [['get', 'id'], 'get'],
  [['delete', 'id'], 'delete'],
  [['start', 'id'], 'start'],
  [['stop', 'id', '-t', '30'], 'stop'],
  [['stop', '-t', '5', 'id'], 'stop'],
  [['kill', 'id'], 'kill'],
  [['console', 'id'], 'console'],
])('the old command line is taken: %j', (argv, name) => {
  expect(command(...argv).command.name).toBe(name);
  expect(command('--server', 'http://[::1]:50051', ...argv)).toMatchObject({ command: { name }, server: { server: 'http://[::1]:50051' } });
});
