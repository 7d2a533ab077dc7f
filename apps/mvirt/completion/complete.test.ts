import { expect, test } from 'bun:test';
import { commands, nouns } from '../commands/registry.ts';
import { complete, type Live } from './complete.ts';

const live: Live = {
  images: async () => ['debian-12', 'noble'].map((word) => ({ word, summary: 'qcow2' })),
  vms: async () => ['web-1', 'web-2', 'db'].map((word) => ({ word, summary: 'running' })),
  agentOptions: async () => [
    { name: 'data-dir', value: 'PATH', summary: '', completes: 'file' },
    { name: 'log-level', value: 'LEVEL', summary: '', choices: ['info', 'warn'] },
  ],
};

/** What is offered for the last word of a line; the shell's files as <files>. */
async function offered(line: string): Promise<string[]> {
  const words = line.split(' ').slice(1);
  const { candidates, files } = await complete(words.slice(0, -1), words.at(-1) ?? '', live);
  return [...candidates.map(({ word }) => word), ...(files ? ['<files>'] : [])];
}

test.each([
  ['mvirt st', ['start', 'stop']],
  ['mvirt start ', ['web-1', 'web-2', 'db']],
  ['mvirt start web-1 w', ['web-2']],
  ['mvirt start -- d', ['db']],
  ['mvirt console web', ['web-1', 'web-2']],
  ['mvirt console web-1 ', []],
  ['mvirt --json get d', ['db']],
  ['mvirt --socket /run/x stop -t 5 d', ['db']],
  ['mvirt --socket ', ['<files>']],
  ['mvirt create --kernel ', ['<files>']],
  ['mvirt create --kernel=', ['<files>']],
  ['mvirt list --state ru', ['running']],
  ['mvirt list --state=ru', ['--state=running']],
  ['mvirt create --memory ', []],
  ['mvirt create --restart=on', ['--restart=on-failure']],
  ['mvirt stop --t', ['--timeout', '--tls-ca', '--tls-cert', '--tls-key']],
  ['mvirt pause --s', ['--socket']],
  ['mvirt stop --timeout 5 --ti', []],
  ['mvirt create --image d', ['debian-12']],
  ['mvirt image rm ', ['debian-12', 'noble']],
  ['mvirt image import ', ['<files>']],
  ['mvirt network ', ['ls', 'create', 'show', 'rm']],
  ['mvirt agent ', ['drain']],
  ['mvirt agent --d', ['--data-dir']],
  ['mvirt agent --log-level ', ['info', 'warn']],
  ['mvirt agent --data-dir=', ['<files>']],
  ['mvirt agent drain --ti', ['--timeout']],
  ['mvirt --theme ', ['dark', 'light', 'ansi', 'plain']],
  ['mvirt completion ', ['bash', 'zsh', 'fish']],
  ['mvirt no-such-command ', []],
  ['mvirt help net', ['network']],
])('%p', async (line, words) => {
  expect((await offered(line)).filter((word) => words.length > 0 || word !== '')).toEqual(words);
});

test('every command, noun and option is offered', async () => {
  const first = await offered('mvirt ');
  for (const { name } of commands) {
    const [noun = '', verb] = name.split(' ');
    expect([name, (verb === undefined ? first : await offered(`mvirt ${noun} `)).includes(verb ?? noun)]).toEqual([name, true]);
  }
  expect(first).toEqual(expect.arrayContaining([...Object.keys(nouns), 'help']));
  for (const { name, options, raw } of commands.filter((command) => !command.raw)) {
    const flags = await offered(`mvirt ${name} -`);
    expect([name, raw, options.map((option) => `--${option.name}`).filter((flag) => !flags.includes(flag))]).toEqual([name, raw, []]);
  }
});
