import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { parseConfigFile } from './config-file.ts';
import { agentToml, configurationDocument } from './config-text.ts';
import { agentHelp } from './help.ts';
import { settings } from './settings.ts';

test('the installed file sets nothing, and each of its examples can be taken as it is', () => {
  const text = agentToml();
  expect(parseConfigFile('f', text).values).toEqual({});
  const all = parseConfigFile('f', text.replaceAll(/^#(?=[a-z])/gm, ''));
  expect(Object.keys(all.values).toSorted()).toEqual(settings.map(({ name }) => name as string).toSorted());
  for (const line of text.split('\n')) expect([line, line.length <= 100]).toEqual([line, true]);
});

test('docs/configuration.md is what npm run generate makes', () => {
  expect(readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')).toBe(configurationDocument());
});

test('help has every setting, with its default', () => {
  const help = agentHelp().replaceAll(/\s+/g, ' ');
  for (const { name, value, summary, defaultText } of settings)
    expect(help).toMatch(new RegExp(`${RegExp.escape(`--${name} ${value} ${summary}`)}.*${RegExp.escape(`(${defaultText})`)}`));
});
