import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { commands } from '../commands/registry.ts';
import { commandsDocument } from './commands-document.ts';

const read = (name: string): string => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), 'utf8');

test('docs/commands.md is what npm run generate makes', () => {
  expect(read('commands.md')).toBe(commandsDocument());
});

test('docs/cli.md speaks of no command and no option that there is not', () => {
  const flags = new Set(commandsDocument().match(/--[a-z][a-z-]+/g));
  for (const flag of ['--help', '--version', '--listen', '--config']) flags.add(flag); // of every command, of none, of the agent
  const unknown = read('cli.md')
    .match(/(?<![\w-])--[a-z][a-z-]+/g)
    ?.filter((flag) => !flags.has(flag));
  expect(unknown).toEqual([]);
  const named = [...read('cli.md').matchAll(/`mvirt ([a-z]+(?:-[a-z]+)*)/g)].map(([, name]) => name ?? '');
  const known = new Set(commands.flatMap(({ name, aliases = [] }) => [name, ...aliases]).flatMap((name) => [name, name.split(' ')[0] ?? '']));
  expect(named.filter((name) => !known.has(name) && name !== 'help')).toEqual([]);
  expect(named.length).toBeGreaterThan(5);
});
