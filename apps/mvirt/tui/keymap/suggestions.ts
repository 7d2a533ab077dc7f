import type { CommandDefinition } from '../../commands/definition.ts';
import { commands as cliCommands, findCommand, nouns } from '../../commands/registry.ts';
import { shellLine } from '../layout/format.ts';
import { fuzzyFilter } from '../layout/fuzzy.ts';
import type { Command, View } from './command.ts';
import { keysOnly } from './screen-commands.ts';
import { vmWord } from './vm-word.ts';

/** command: run it. text: what the line becomes. */
export type Suggestion =
  | { kind: 'command'; command: Command; title: string; reason: string | null }
  | { kind: 'text'; text: string; title: string; note: string };

/** True: the line is for the `mvirt` command line, with or without that word before it. */
export function isCliLine(line: string): boolean {
  const first = /^\s*([a-z-]+)(?=\s|$)/.exec(line)?.[1] ?? '';
  return first === 'mvirt' || (/^\s*[a-z-]+\s/.test(line) && (findCommand(first) !== undefined || first in nouns));
}

/** What a line may be meant to become: commands of the mode beneath, or the next word of a `mvirt …` line. */
export function suggestions(line: string, commands: readonly Command[], view: View): Suggestion[] {
  if (isCliLine(line)) return cliSuggestions(line, view);
  const here = commands.filter((command) => command.when.includes(view.mode) && !keysOnly.has(command.id));
  const byId = fuzzyFilter(line, here, (command) => command.id);
  const words = line.toLowerCase().split(/\s+/);
  const byTitle = here.filter((command) => !byId.includes(command) && words.every((word) => command.title.toLowerCase().includes(word)));
  return [...byId, ...byTitle].map((command) => ({
    kind: 'command',
    command,
    title: command.title,
    reason: command.disabledReason(view),
  }));
}

function cliSuggestions(line: string, view: View): Suggestion[] {
  const prefix = /^\s*mvirt(\s+|$)/.exec(line)?.[0] ?? '';
  const rest = line.slice(prefix.length);
  const gap = prefix === line && !/\s$/.test(line) ? ' ' : '';
  const command = findCliCommand(rest);
  if (command === null) {
    const named = cliCommands.filter(({ raw }) => !raw);
    return fuzzyFilter(rest, named, ({ name }) => name).map(({ name, summary }) => ({
      kind: 'text',
      text: `${prefix}${gap}${name} `,
      title: name,
      note: summary,
    }));
  }
  const last = /\S*$/.exec(rest)?.[0] ?? '';
  const kept = line.slice(0, line.length - last.length);
  const text = (word: string, title: string, note: string): Suggestion => ({ kind: 'text', text: `${kept}${word} `, title, note });
  if (last.startsWith('-')) {
    const options = command.options.filter((option) => `--${option.name}`.startsWith(last));
    return options.map((option) => text(`--${option.name}`, `--${option.name}`, option.summary));
  }
  if (!command.arguments.some((argument) => argument.completes === 'vm')) return [];
  const vms = view.vms();
  return fuzzyFilter(last, vms, (vm) => vmWord(vm, [])).map((vm) => text(shellLine([vmWord(vm, vms)]), vmWord(vm, vms), vm.state));
}

/** The command whose whole name, which may be two words, stands before a blank. */
function findCliCommand(rest: string): CommandDefinition | null {
  const [first = '', second = ''] = rest.split(/\s+/);
  if (!/\s/.test(rest)) return null;
  return findCommand(first) ?? (/^\S+\s+\S+\s/.test(rest) ? (findCommand(`${first} ${second}`) ?? null) : null);
}
