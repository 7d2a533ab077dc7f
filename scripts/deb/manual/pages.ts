import { exitStatus } from '@mvirt/domain';
import { capital } from '../../../apps/agent/config-text.ts';
import { configFlag, settings } from '../../../apps/agent/settings.ts';
import { wordsOf } from '../../../apps/mvirt/cli/commands-document.ts';
import type { ArgumentDefinition, CommandDefinition, OptionDefinition } from '../../../apps/mvirt/commands/definition.ts';
import { commands, globalOptions, nouns, uiOptions } from '../../../apps/mvirt/commands/registry.ts';
import { bold, entry, examples, italic, type Page, page, roff } from './roff.ts';

type Edition = { version: string; seconds: number };

/** mvirt(1), a page for each command and noun, mvirt-agent(8) and agent.toml(5): all from the definitions that the program itself has. */
export function manualPages(version: string, seconds: number): Page[] {
  const edition = { version, seconds };
  return [mvirtPage(edition), ...Object.keys(nouns).map((noun) => nounPage(noun, edition)), ...ownPages(edition), agentPage(edition), filePage(edition)];
}

/** Commands of a noun stand on the noun's page; the agent's own is in section 8. */
const ownPages = (edition: Edition): Page[] =>
  commands.filter(({ name, raw }) => !raw && nouns[name.split(' ')[0] ?? ''] === undefined).map((command) => commandPage(command, edition));

const pageName = (name: string): string => `mvirt-${name.replaceAll(' ', '-')}`;

const rules = [
  'A VM is named by its full id, else its exact name, else the first 4 or more characters of its id.',
  'Data goes to standard output, everything else to standard error. With --json there is one document, or with -f one object a line; errors are then documents too, on standard error.',
];

function mvirtPage(edition: Edition): Page {
  const list = commands
    .filter(({ name }) => nouns[name.split(' ')[0] ?? ''] === undefined)
    .flatMap(({ name, summary }) => entry(bold(`mvirt ${name}`), capital(summary)));
  const ofNouns = Object.entries(nouns).flatMap(([noun, summary]) => entry(bold(`mvirt ${noun}`), summary));
  return page({ name: 'mvirt', section: 1, summary: 'virtual machines on this host, from a terminal', ...edition }, [
    ['SYNOPSIS', ['.B mvirt', `[${italic('OPTIONS')}]`, '.br', '.B mvirt', `${italic('COMMAND')} [${italic('ARGUMENTS')}]`]],
    [
      'DESCRIPTION',
      ['Without a command: the full-screen UI. With one: that command, for people and for scripts.', ...rules.flatMap((rule) => ['.PP', roff(rule)])],
    ],
    ['COMMANDS', [...list, ...ofNouns]],
    ['OPTIONS', [...uiOptions, ...globalOptions].flatMap(optionEntry)],
    ['EXIT STATUS', exitLines()],
    ['ENVIRONMENT', [...entry(bold('MVIRT_SOCKET'), "The agent's socket, where --socket does not say."), ...entry(bold('NO_COLOR'), 'No colour.')]],
    [
      'FILES',
      [
        ...entry('/run/mvirt/agent.sock', "The agent's socket."),
        ...entry('/usr/share/doc/mvirt', 'Documents: networks, restarts, the console, gRPC, troubleshooting.'),
      ],
    ],
    [
      'SEE ALSO',
      [[...commands.filter(({ raw }) => !raw).map(({ name }) => `${roff(pageOf(name))}(1)`), 'mvirt\\-agent(8)', 'agent.toml(5)'].filter(unique).join(',\n')],
    ],
  ]);
}

const pageOf = (name: string): string => pageName(nouns[name.split(' ')[0] ?? ''] === undefined ? name : (name.split(' ')[0] ?? ''));
const unique = (text: string, at: number, all: string[]): boolean => all.indexOf(text) === at;

function nounPage(noun: string, edition: Edition): Page {
  const verbs = commands.filter(({ name }) => name.startsWith(`${noun} `));
  const summary = (nouns[noun] ?? '').replace(/\.$/, '');
  return page({ name: pageName(noun), section: 1, summary, ...edition }, [
    ['SYNOPSIS', verbs.flatMap((command, at) => [...(at === 0 ? [] : ['.br']), synopsis(command)])],
    [
      'DESCRIPTION',
      verbs.flatMap((command) => [
        `.SS ${roff(`mvirt ${command.name}`)}`,
        roff(sentence(command.summary)),
        ...argumentLines(command),
        ...command.options.flatMap(optionEntry),
      ]),
    ],
    ['EXAMPLES', verbs.flatMap((command) => examples(command.examples))],
    ['SEE ALSO', ['mvirt(1)']],
  ]);
}

function commandPage(command: CommandDefinition, edition: Edition): Page {
  const aliases = command.aliases ?? [];
  return page({ name: pageName(command.name), section: 1, summary: command.summary, ...edition }, [
    ['SYNOPSIS', [synopsis(command)]],
    [
      'DESCRIPTION',
      [roff(sentence(command.summary)), ...(aliases.length > 0 ? ['.PP', roff(`It is also called ${aliases.join(', ')}.`)] : []), ...argumentLines(command)],
    ],
    ['OPTIONS', [...command.options, ...globalOptions.filter(({ overGrpc }) => !overGrpc || command.overGrpc)].flatMap(optionEntry)],
    ['EXAMPLES', examples(command.examples)],
    ['SEE ALSO', ['mvirt(1)']],
  ]);
}

function agentPage(edition: Edition): Page {
  return page({ name: 'mvirt-agent', section: 8, summary: 'owns the virtual machines of this host', ...edition }, [
    ['SYNOPSIS', ['.B mvirt agent', `[${italic('FLAGS')}]`]],
    [
      'DESCRIPTION',
      [
        'The agent answers on a Unix socket and to gRPC clients, until SIGTERM. VMs are processes of their own, which run on without it and are found again by the next agent.',
        '.PP',
        'As a service it is mvirt.service. A restart of it, or an upgrade, leaves every VM running. At a shutdown of the host mvirt\\-drain.service runs mvirt\\-agent\\-drain(1) first: every VM is stopped gracefully, and those that were up are started again after the boot.',
        '.PP',
        'What no flag says is taken from agent.toml(5).',
      ],
    ],
    [
      'FLAGS',
      [...settings, configFlag].flatMap((setting) => {
        const detail = 'detail' in setting ? ` ${setting.detail}` : '';
        return entry(`${bold(`--${setting.name}`)} ${italic(setting.value)}`, `${capital(setting.summary)}.${detail} Default: ${setting.defaultText}.`);
      }),
    ],
    ['ENVIRONMENT', settings.flatMap(({ name, env }) => (env === undefined ? [] : entry(bold(env), `Stands for --${name}.`)))],
    [
      'FILES',
      [
        ...entry('/etc/mvirt/agent.toml', 'The configuration.'),
        ...entry('/var/lib/mvirt', 'VMs, their consoles and logs, networks, the database.'),
        ...entry('/run/mvirt/agent.sock', 'The socket, for root and the group mvirt.'),
      ],
    ],
    ['SEE ALSO', ['mvirt(1), mvirt\\-doctor(1), mvirt\\-agent\\-drain(1), agent.toml(5)']],
  ]);
}

function filePage(edition: Edition): Page {
  return page({ name: 'agent.toml', section: 5, summary: 'configuration of the mvirt agent', ...edition }, [
    ['SYNOPSIS', ['/etc/mvirt/agent.toml']],
    [
      'DESCRIPTION',
      [
        'TOML: a line is key = \\(dqvalue\\(dq, # begins a comment. Keys are the names of the flags of mvirt\\-agent(8), which go before the file. Paths are absolute. A line that the agent cannot take is refused with its number, and the agent does not start; mvirt\\-doctor(1) says whether it can.',
        '.PP',
        'A change counts from the next start of the agent, which leaves every VM running.',
      ],
    ],
    [
      'KEYS',
      settings.flatMap(({ name, summary, detail, example, defaultText }) => [
        ...entry(bold(name), `${capital(summary)}. ${detail}`.trim()),
        '.IP',
        roff(`Example: ${name} = ${example}`),
        '.IP',
        roff(`Default: ${defaultText}`),
      ]),
    ],
    ['SEE ALSO', ['mvirt\\-agent(8), mvirt\\-doctor(1)']],
  ]);
}

function synopsis({ name, arguments: taken, options }: CommandDefinition): string {
  const words = taken.map(({ name: argument, required, many }: ArgumentDefinition) => {
    const word = `${italic(argument)}${many ? '...' : ''}`;
    return required ? word : `[${word}]`;
  });
  return [bold(`mvirt ${name}`), ...(options.length > 0 ? [`[${italic('OPTIONS')}]`] : []), ...words].join(' ');
}

const argumentLines = ({ arguments: taken }: CommandDefinition): string[] => taken.flatMap(({ name, summary }) => entry(italic(name), summary));

function optionEntry(option: OptionDefinition): string[] {
  const { name, short, value } = option;
  return entry(`${short ? `${bold(`-${short}`)}, ` : ''}${bold(`--${name}`)}${value ? ` ${italic(value)}` : ''}`, wordsOf(option));
}

const sentence = (summary: string): string => `${capital(summary)}.`;

const exitMeanings: Record<keyof typeof exitStatus, string> = {
  done: 'Done.',
  failed: 'Failed.',
  usage: 'The command line, or a value, is wrong.',
  notFound: 'There is no such VM, or other thing.',
  conflict: 'Wrong state, ambiguous name, name taken, disk in use.',
  timeout: 'Not within the time.',
  unreachable: 'The agent is not reachable.',
  denied: 'Not for this user.',
  interrupted: 'Ctrl-C.',
};

const exitLines = (): string[] => Object.entries(exitStatus).flatMap(([name, status]) => entry(String(status), exitMeanings[name as keyof typeof exitStatus]));
