import { MvirtError } from '@mvirt/domain/error';
import { Command, CommanderError, Help, Option } from 'commander';
import type { CommandDefinition, OptionDefinition } from '../commands/definition.ts';
import { commands, findCommand, globalOptions, nouns, uiOptions } from '../commands/registry.ts';
import type { Invocation } from './invocation.ts';
import type { ServerFlags } from './server.ts';
import { type ThemeName, themeNames } from './theme-names.ts';
import { usageError } from './usage-error.ts';

export type Parsed =
  | { kind: 'command'; command: CommandDefinition; invocation: Pick<Invocation, 'args' | 'options' | 'rest' | 'json' | 'socketFlag'>; server: ServerFlags }
  /** No subcommand: the full-screen UI. */
  | { kind: 'ui'; socketFlag: string | undefined; server: ServerFlags; mouse: boolean; theme: ThemeName | undefined }
  | { kind: 'help'; text: string };

/** What a command line asks for. @throws INVALID_ARGUMENT */
export function parse(argv: readonly string[]): Parsed {
  let parsed: Parsed | null = null;
  let help = '';
  let culprit: string | undefined;
  const output = { writeOut: (text: string) => (help += text), writeErr: () => {} };
  const program = new Command('mvirt')
    .description('Virtual machines on this host, from a terminal. Without a command: the full-screen UI.')
    .exitOverride()
    .configureOutput(output)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .helpCommand(false)
    .configureHelp({ visibleCommands: withVerbs, subcommandTerm: termOf });
  const possible = meant(argv);
  addOptions(program, possible === null ? [...uiOptions, ...globalOptions] : globalOptions);
  /** The command that a verb belongs to: one of its own, or made for its verbs alone. */
  const nounOf = ({ name }: CommandDefinition): Command | null => {
    const [noun = '', verb] = name.split(' ');
    if (verb === undefined) return null;
    const known = program.commands.find((command) => command.name() === noun);
    if (known) return known;
    const refusing = (error: CommanderError) => {
      culprit = noun;
      throw error;
    };
    const made = new Command(noun)
      .description(nouns[noun] ?? '')
      .helpCommand(false)
      .enablePositionalOptions();
    addOptions(made, globalOptions);
    program.addCommand(made.exitOverride(refusing).configureOutput(output));
    return made;
  };
  for (const command of possible ?? commands) {
    const refusing = (error: CommanderError) => {
      culprit = command.name;
      throw error;
    };
    const built = build(command, (values, options, rest) => {
      const globals = { ...program.opts(), ...nounOf(command)?.opts(), ...options } as Record<string, unknown>;
      const invocation = {
        args: positional(command, values),
        options: given(command, options),
        rest,
        json: globals.json === true,
        socketFlag: text(globals.socket),
      };
      parsed = { kind: 'command', command, invocation, server: serverFlags(globals) };
    });
    (nounOf(command) ?? program).addCommand(built.exitOverride(refusing).configureOutput(output));
  }
  if (possible === null) {
    program
      .command('help [COMMAND...]')
      .description('show what a command takes')
      .action((words: string[]) => {
        const name = words.join(' ');
        if (name === '') help = program.helpInformation();
        else if (findCommand(name) || nouns[name]) parsed = parse([...words, '--help']);
        else program.parse([name], { from: 'user' }); // says that there is none, and what is meant perhaps
      });
  }
  try {
    program.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // No command at all: commander would show help.
    if (error.code === 'commander.help' && error.exitCode !== 0) return uiWith(program.opts());
    if (error.exitCode === 0) return { kind: 'help', text: help };
    throw refusal(error, culprit);
  }
  return parsed ?? { kind: 'help', text: help };
}

/** The commands that a line which begins with a command's word can mean; null: any. To build all takes longer than many a command runs. */
function meant(argv: readonly string[]): readonly CommandDefinition[] | null {
  const word = argv[wordAt(argv)];
  const begins = (name: string): boolean => name.split(' ')[0] === word;
  const found = commands.filter(({ name, aliases = [] }) => begins(name) || aliases.some(begins));
  return found.length === 0 ? null : found;
}

/** Behind the options that every command takes. */
function wordAt(argv: readonly string[], from = 0): number {
  const [flag = '', ...inline] = argv[from]?.split('=') ?? [];
  const option = globalOptions.find(({ name }) => flag === `--${name}`);
  if (option === undefined || (option.value === undefined && inline.length > 0)) return from;
  return wordAt(argv, from + (option.value !== undefined && inline.length === 0 ? 2 : 1));
}

/** Each command, and a noun's verbs in its place or behind it. */
const withVerbs = ({ commands: found }: Command): Command[] =>
  found.flatMap((one) => (nouns[one.name()] === undefined ? [one, ...one.commands] : one.commands));

function termOf(command: Command): string {
  const noun = command.parent?.parent ? `${command.parent.name()} ` : '';
  return noun + new Help().subcommandTerm(command);
}

const uiWith = (options: Record<string, unknown>): Parsed => ({
  kind: 'ui',
  socketFlag: text(options.socket),
  server: serverFlags(options),
  mouse: options.mouse !== false,
  theme: themeNames.find((name) => name === options.theme),
});

/** What commander says, in our form. */
function refusal({ code, message }: CommanderError, command: string | undefined): MvirtError {
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ');
  if (command === undefined) return new MvirtError({ code: 'INVALID_ARGUMENT', message: text, hint: 'mvirt --help shows all commands' });
  return usageError(code === 'commander.excessArguments' ? text : `${command}: ${text}`, command);
}

type Values = (string | string[] | undefined)[];

function build(definition: CommandDefinition, act: (values: Values, options: Record<string, unknown>, rest: string[]) => void): Command {
  const command = new Command(verbOf(definition.name))
    .summary(definition.summary)
    .description(sentence(definition.summary))
    .aliases((definition.aliases ?? []).map(verbOf));
  if (definition.raw) {
    return command
      .helpOption(false)
      .allowUnknownOption()
      .passThroughOptions()
      .argument('[flags...]')
      .action((flags: string[]) => act([], {}, flags));
  }
  for (const { name, summary, required, many } of definition.arguments) {
    const word = `${name}${many ? '...' : ''}`;
    command.argument(required ? `<${word}>` : `[${word}]`, summary);
  }
  addOptions(command, [...definition.options, ...globalOptions], definition);
  if (definition.examples.length > 0) command.addHelpText('after', `\nExamples:\n${definition.examples.map((example) => `  ${example}\n`).join('')}`);
  return command.allowExcessArguments(false).action((...values: unknown[]) => {
    const count = definition.arguments.length;
    act(values.slice(0, count) as Values, values[count] as Record<string, unknown>, []);
  });
}

/** What follows the noun; the whole name where there is none. */
const verbOf = (name: string): string => name.split(' ').at(-1) ?? name;

const sentence = (summary: string): string => `${summary[0]?.toUpperCase()}${summary.slice(1)}.`;

/** Of a command that does not speak gRPC help does not show what is for it; that it cannot be had is said when it is asked for. */
function addOptions(command: Command, options: readonly OptionDefinition[], { overGrpc }: Pick<CommandDefinition, 'overGrpc'> = { overGrpc: true }): void {
  for (const option of options) {
    const flags = `${option.short ? `-${option.short}, ` : ''}--${option.name}${option.value ? ` <${option.value}>` : ''}`;
    const built = new Option(flags, option.defaultText ? `${option.summary} (default: ${option.defaultText})` : option.summary);
    if (option.overGrpc && !overGrpc) built.hideHelp();
    if (option.choices) built.choices([...option.choices]);
    // One that may be repeated gathers; commander parses a choice through the same hook, so it is added only where needed.
    if (option.many) built.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    command.addOption(built);
  }
}

function positional(definition: CommandDefinition, values: Values): Record<string, string[]> {
  const entries = definition.arguments.map((argument, at) => {
    const value = values[at];
    return [argument.name.toLowerCase(), value === undefined ? [] : Array.isArray(value) ? value : [value]] as const;
  });
  return Object.fromEntries(entries);
}

function given(definition: CommandDefinition, options: Record<string, unknown>): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { name } of definition.options) {
    const value = options[camel(name)];
    if (value === true) found[name] = [''];
    else if (typeof value === 'string') found[name] = [value];
    else if (Array.isArray(value)) found[name] = value.map(String);
  }
  return found;
}

const serverFlags = ({ server, tlsCa, tlsCert, tlsKey }: Record<string, unknown>): ServerFlags => ({
  server: text(server),
  tlsCa: text(tlsCa),
  tlsCert: text(tlsCert),
  tlsKey: text(tlsKey),
});

const camel = (name: string): string => name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
