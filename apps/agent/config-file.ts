import { readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import { parse, TomlError } from 'smol-toml';
import { type Setting, type SettingName, settings } from './settings.ts';

export type ConfigFile = {
  path: string;
  values: Partial<Record<SettingName, string[]>>;
  /** The line, from 1, on which a setting stands. */
  lines: Partial<Record<SettingName, number>>;
};

/** Larger than any that a person writes. */
const maxBytes = 1 << 20;

/** What a configuration file says; null: it is not there. @throws INVALID_ARGUMENT naming the line, DENIED */
export function readConfigFile(path: string): ConfigFile | null {
  const text = readText(path);
  return text === null ? null : parseConfigFile(path, text);
}

/** @throws INVALID_ARGUMENT naming the line */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const document = parseToml(path, text);
  const file: ConfigFile = { path, values: {}, lines: {} };
  for (const [key, value] of Object.entries(document)) {
    const line = lineOf(text, key);
    const setting = settings.find(({ name }) => name === key);
    if (setting === undefined) throw refused(path, line, `there is no key ${JSON.stringify(key)}`, unknownHint(key));
    file.values[setting.name] = valuesOf(setting, value, (why, hint) => refused(path, line, `${key}: ${why}`, hint));
    file.lines[setting.name] = line;
  }
  return file;
}

function readText(path: string): string | null {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : String(cause);
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw new MvirtError({
      code: 'DENIED',
      message: `${path} cannot be read: ${code}`,
      hint: 'make it a file that this user may read, or name another with --config',
      cause,
    });
  }
  if (bytes.length > maxBytes) throw refused(path, 1, `the file has ${bytes.length} bytes, which is no configuration`, 'name another file with --config');
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refused(path, 1, 'the file is not UTF-8 text', 'save it as UTF-8');
  }
}

function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const why = (cause.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw refused(path, cause.line, why, 'a line is: key = "value"; man agent.toml has an example of each');
  }
}

function valuesOf({ example, many, isPath }: Setting, value: unknown, refuse: (why: string, hint: string) => MvirtError): string[] {
  const hint = `write it like ${example}`;
  const list: unknown[] = many && Array.isArray(value) ? value : [value];
  if (list.length === 0) throw refuse('the list is empty', `${hint}, or leave the key out`);
  return list.map((one) => {
    if (typeof one !== 'string') throw refuse(`must be ${many ? 'text in quotes, or a list of it' : 'text in quotes'}`, hint);
    const path = isPath ? one : /^unix:(.+)$/.exec(one)?.[1];
    if (path !== undefined && path !== '' && !isAbsolute(path)) throw refuse(`${one} must be absolute`, 'a path in this file begins with /');
    return one;
  });
}

/** Where the statement begins that gives a document this key: after the longest part of the text that is whole without it. */
function lineOf(text: string, key: string): number {
  const lines = text.split('\n');
  let whole = 0;
  for (let end = 1; end <= lines.length; end++) {
    const part = parsePart(lines.slice(0, end).join('\n'));
    if (part === null) continue;
    if (Object.hasOwn(part, key)) break;
    whole = end;
  }
  const blank = /^\s*(#.*)?$/;
  while (blank.test(lines[whole] ?? 'end')) whole += 1;
  return whole + 1;
}

function parsePart(text: string): Record<string, unknown> | null {
  try {
    return parse(text);
  } catch {
    return null; // in the middle of a list or a text of several lines
  }
}

function unknownHint(key: string): string {
  const plain = key.toLowerCase().replaceAll('_', '-').replaceAll('.', '-');
  const near = settings.find(({ name }) => typos(name.replaceAll('-', ''), plain.replaceAll('-', '')) <= mostTypos);
  return near === undefined ? `the keys are ${settings.map(({ name }) => name).join(', ')}` : `it is written ${near.name}`;
}

const mostTypos = 2;

/** Letters to add, to leave out or to change, to make one word of another (Levenshtein's distance). */
function typos(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [row, letter] of [...one].entries()) {
    const line = [row + 1];
    for (const [at, its] of [...other].entries()) {
      line.push(Math.min((above[at + 1] ?? 0) + 1, (line[at] ?? 0) + 1, (above[at] ?? 0) + (letter === its ? 0 : 1)));
    }
    above = line;
  }
  return above.at(-1) ?? 0;
}

const refused = (path: string, line: number, why: string, hint: string): MvirtError =>
  new MvirtError({ code: 'INVALID_ARGUMENT', message: `${path}, line ${line}: ${why}`, hint });
