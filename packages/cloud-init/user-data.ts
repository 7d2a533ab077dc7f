import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { multipart } from './multipart.ts';

/** cloud-init compares in lower case and passes over white space before (cloudinit/handlers/__init__.py). */
const cloudConfig = /^\s*#cloud-config(?![\w-])/i;

/**
 * The user-data file: the user's text as given where there are no keys to add. Keys are appended to a cloud-config
 * that has none of its own; in all other cases both become parts of a MIME message, which cloud-init merges.
 */
export function userData(text: string | null, sshKeys: readonly string[]): string {
  const keys = [...new Set(sshKeys.map((key) => key.trim()).filter((key) => key !== ''))];
  if (text === null || text.trim() === '') return keys.length === 0 ? '#cloud-config\n{}\n' : `#cloud-config\n${keysYaml(keys)}`;
  if (keys.length === 0) return text;
  return (cloudConfig.test(text) ? appended(text, keys) : null) ?? multipart(text, `#cloud-config\n${keysYaml(keys)}${appendLists}`);
}

/** Adds our keys to the user's own; without it a later part's list replaces an earlier one's (cloudinit/handlers/cloud_config.py). */
const appendLists = 'merge_how: "dict(no_replace,recurse_list)+list(append)"\n';

const keysYaml = (keys: readonly string[]): string => `ssh_authorized_keys:\n${keys.map((key) => `  - ${JSON.stringify(key)}\n`).join('')}`;

/**
 * The user's text with the keys behind it, not a byte of it changed; null where that is not the same document and a key more.
 * Writing the parsed document anew would not do: 0644 is 420 to cloud-init's YAML 1.1 and 644 to YAML 1.2.
 */
function appended(text: string, keys: readonly string[]): string | null {
  const longer = `${text}${text.endsWith('\n') ? '' : '\n'}${keysYaml(keys)}`;
  const before = parsed(text);
  if (before === null || 'ssh_authorized_keys' in before) return null;
  return isDeepStrictEqual(parsed(longer), { ...before, ssh_authorized_keys: keys }) ? longer : null;
}

/** The mapping that a document holds; an empty document is an empty one. null: it holds something else, or no YAML. */
function parsed(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = parse(text, { version: '1.1', logLevel: 'error' });
    if (value === null || value === undefined) return {};
    return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    // Not YAML (a template, perhaps): cloud-init says what it thinks of it.
    return null;
  }
}
