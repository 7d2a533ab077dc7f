import type { ArgumentDefinition, CommandDefinition, OptionDefinition } from '../commands/definition.ts';
import { commands, findCommand, globalOptions, nouns, uiOptions } from '../commands/registry.ts';

export type Candidate = { word: string; summary: string };

/** files: the shell's own files and folders belong here too. */
export type Completion = { candidates: Candidate[]; files: boolean };

/** What is not in the definitions. */
export type Live = {
  vms(): Promise<Candidate[]>;
  images(): Promise<Candidate[]>;
  /** Flags of `mvirt agent`. */
  agentOptions(): Promise<readonly OptionDefinition[]>;
};

type Line = {
  command: CommandDefinition | null;
  /** A word that only has verbs. */
  noun: string | null;
  /** Positional words behind the command. */
  values: string[];
  /** An option that waits for its value. */
  pending: OptionDefinition | null;
  given: Set<string>;
  /** After `--`. */
  ended: boolean;
  options: readonly OptionDefinition[];
};

const nothing: Completion = { candidates: [], files: false };

/** What may stand for the last word, of which `current` is typed so far; `words` are those between `mvirt` and it. */
export async function complete(words: readonly string[], current: string, live: Live): Promise<Completion> {
  const line = await readLine(words, live);
  const found = await candidatesFor(line, current, live);
  return { ...found, candidates: found.candidates.filter(({ word }) => word.startsWith(current)) };
}

async function readLine(words: readonly string[], live: Live): Promise<Line> {
  const line: Line = { command: null, noun: null, values: [], pending: null, given: new Set(), ended: false, options: [...globalOptions, ...uiOptions] };
  for (const word of words) {
    if (line.pending !== null) line.pending = null;
    else if (word === '--') line.ended = true;
    else if (word.startsWith('-') && word !== '-' && !line.ended) takeOption(line, word);
    else await takeWord(line, word, live);
  }
  return line;
}

function takeOption(line: Line, word: string): void {
  const [flag = ''] = word.split('=');
  const option = line.options.find(({ name, short }) => flag === `--${name}` || flag === `-${short}`);
  if (option === undefined) return;
  line.given.add(option.name);
  if (option.value !== undefined && !word.includes('=')) line.pending = option;
}

async function takeWord(line: Line, word: string, live: Live): Promise<void> {
  const first = line.command?.name ?? line.noun;
  const verb = first === null || line.values.length > 0 ? undefined : findCommand(`${first} ${word}`);
  const command = verb ?? (first === null ? findCommand(word) : undefined);
  if (command !== undefined) {
    line.command = command;
    line.options = [...(command.raw ? await live.agentOptions() : command.options), ...globalOptions.filter(({ overGrpc }) => !overGrpc || command.overGrpc)];
  } else if (first === null && (nouns[word] !== undefined || word === 'help')) line.noun = word;
  else line.values.push(word);
}

async function candidatesFor(line: Line, current: string, live: Live): Promise<Completion> {
  if (line.pending !== null) return valuesOf(line.pending, '', live);
  const [, name, typed] = /^--([^=]+)=(.*)$/s.exec(current) ?? [];
  const option = line.options.find((one) => one.name === name);
  if (typed !== undefined) return option === undefined || line.ended ? nothing : valuesOf(option, `--${name}=`, live);
  if (current.startsWith('-') && !line.ended) return { candidates: flagsOf(line), files: false };
  const verbs = line.values.length === 0 ? verbsOf(line) : [];
  const argument = line.command?.arguments[Math.min(line.values.length, line.command.arguments.length - 1)];
  if (argument === undefined || (line.values.length >= (line.command?.arguments.length ?? 0) && !argument.many)) return { candidates: verbs, files: false };
  const { candidates, files } = await valuesOf(argument, '', live);
  return { candidates: [...verbs, ...candidates.filter(({ word }) => !line.values.includes(word))], files };
}

/** What may come behind what is there so far, to name a command. */
function verbsOf({ command, noun }: Line): Candidate[] {
  const first = command?.name ?? noun;
  if (first === null || first === 'help') {
    const alone = commands.filter(({ name }) => !name.includes(' ')).map(({ name, summary }) => ({ word: name, summary }));
    const ofNouns = Object.entries(nouns).map(([word, summary]) => ({ word, summary }));
    return [...alone, ...ofNouns, { word: 'help', summary: 'show what a command takes' }];
  }
  const behind = `${first} `;
  return commands.filter(({ name }) => name.startsWith(behind)).map(({ name, summary }) => ({ word: name.slice(behind.length), summary }));
}

const flagsOf = ({ options, given }: Line): Candidate[] => [
  ...options.filter(({ name, many }) => many || !given.has(name)).map(({ name, summary }) => ({ word: `--${name}`, summary })),
  { word: '--help', summary: 'show what it takes' },
];

/** prefix: what stands before the value in the same word. */
async function valuesOf({ choices, completes }: ArgumentDefinition | OptionDefinition, prefix: string, live: Live): Promise<Completion> {
  const words = choices?.map((word) => ({ word, summary: '' })) ?? (completes === 'vm' ? await live.vms() : completes === 'image' ? await live.images() : []);
  return { candidates: words.map(({ word, summary }) => ({ word: prefix + word, summary })), files: completes === 'file' };
}
