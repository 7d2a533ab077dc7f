import type { ArgumentDefinition, CommandDefinition, OptionDefinition } from '../commands/definition.ts';
import { commands, globalOptions, nouns, uiOptions } from '../commands/registry.ts';

/** docs/commands.md: every command with all that it takes. */
export function commandsDocument(): string {
  const parts = [
    '# Every command',
    'Made from the definitions by `npm run generate`; `mvirt help COMMAND` and the manual pages say the same. [cli.md](cli.md) has the rules that all of them keep.',
    '## Without a command',
    'The full-screen UI: `mvirt [OPTIONS]`.',
    list([...uiOptions, ...globalOptions].map(optionRow)),
    'The options from `--socket` on may also stand behind a command: those that speak of gRPC and its certificates where the command works through it.',
    ...commands.flatMap(commandParts),
  ];
  return `${parts.join('\n\n')}\n`;
}

function commandParts(command: CommandDefinition): string[] {
  const { name, aliases, summary, arguments: taken, options, examples, raw, overGrpc } = command;
  const noun = nouns[name.split(' ')[0] ?? ''];
  const opensNoun = noun !== undefined && commands.find((one) => one.name.split(' ')[0] === name.split(' ')[0]) === command;
  const notes = [
    ...(aliases ? [`Also called \`${aliases.join('`, `')}\`.`] : []),
    ...(overGrpc ? ['Works through `--server` too.'] : []),
    ...(raw ? ['Its flags are in [configuration.md](configuration.md).'] : []),
  ];
  const rows = [...taken.map(({ name: word, summary: what }): [string, string] => [word, what]), ...options.map(optionRow)];
  return [
    ...(opensNoun ? [`## mvirt ${name.split(' ')[0]}`, noun] : []),
    `${noun === undefined ? '##' : '###'} mvirt ${name}`,
    `\`${synopsis(command)}\``,
    [`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, ...notes].join(' '),
    ...(rows.length > 0 ? [list(rows)] : []),
    `\`\`\`\n${examples.join('\n')}\n\`\`\``,
  ];
}

function synopsis({ name, arguments: taken, options, raw }: CommandDefinition): string {
  const words = taken.map(({ name: word, required, many }: ArgumentDefinition) => {
    const shown = `${word}${many ? '...' : ''}`;
    return required ? shown : `[${shown}]`;
  });
  return ['mvirt', name, ...(options.length > 0 ? ['[OPTIONS]'] : []), ...(raw ? ['[FLAGS]'] : []), ...words].join(' ');
}

const optionRow = (option: OptionDefinition): [string, string] => {
  const { name, short, value } = option;
  return [`${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`, wordsOf(option)];
};

/** What an option means, with what else there is to know of it. */
export function wordsOf({ summary, choices, many, defaultText }: OptionDefinition): string {
  const notes = [choices ? `one of ${choices.join(', ')}` : '', many ? 'may be repeated' : '', defaultText ? `default: ${defaultText}` : ''].filter(Boolean);
  return notes.length > 0 ? `${summary} (${notes.join('; ')})` : summary;
}

const list = (rows: [string, string][]): string => rows.map(([left, right]) => `- \`${left}\`: ${right}`).join('\n');
