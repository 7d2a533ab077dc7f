import { findSocket } from '@mvirt/api/client/find-socket';
import { createOneShot } from '@mvirt/api/client/one-shot';
import type { Io } from '../cli/invocation.ts';
import type { OptionDefinition } from '../commands/definition.ts';
import { printable } from '../output/table.ts';
import { type Candidate, complete } from './complete.ts';
import type { Shell } from './scripts.ts';

/** A Tab must not hang on an agent that does. */
const askMs = 1500;

/**
 * `mvirt __complete SHELL WORD... CURRENT`, which a shell's script calls at a Tab: a line "files" or "words", then a candidate a line as that shell takes it.
 * Never fails: a completion that cannot be had is none.
 */
export async function answerCompletion([shell, ...words]: readonly string[], io: Io): Promise<number> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const live = { vms: () => namesOfVms(before, io), agentOptions };
  const { candidates, files } = await complete(before, current, live);
  const lines = candidates.map((candidate) => formats[shell as Shell]?.(candidate) ?? candidate.word);
  io.stdout.write([files ? 'files' : 'words', ...lines, ''].join('\n'));
  return 0;
}

const formats: Record<Shell, (candidate: Candidate) => string> = {
  bash: ({ word }) => word,
  zsh: ({ word, summary }) => `${word.replaceAll(/[\\:]/g, '\\$&')}${summary === '' ? '' : `:${summary}`}`,
  fish: ({ word, summary }) => `${word}\t${summary}`,
};

/** Names where they are unique, else ids; none without an agent, or through gRPC. */
async function namesOfVms(words: readonly string[], io: Io): Promise<Candidate[]> {
  if (words.some((word) => word.startsWith('--server'))) return [];
  const at = words.lastIndexOf('--socket');
  const flag = at < 0 ? words.find((word) => word.startsWith('--socket='))?.slice('--socket='.length) : words[at + 1];
  try {
    const { path, tried } = findSocket({ flag, env: io.env, cwd: io.cwd });
    const vms = await createOneShot({ socketPath: path, tried }).vm.list.query(undefined, { signal: AbortSignal.timeout(askMs) });
    const isUnique = (name: string): boolean => vms.filter((vm) => vm.name === name).length === 1;
    return vms.map(({ id, name, state }) => ({ word: name !== null && isUnique(name) && printable(name) === name ? name : id, summary: state }));
  } catch {
    return []; // no agent, or not for this user
  }
}

async function agentOptions(): Promise<readonly OptionDefinition[]> {
  const { configFlag, settings } = await import('@mvirt/agent/settings');
  const ofSetting = settings.map(({ name, value, summary, choices, isPath, many }): OptionDefinition => {
    return { name, value, summary, ...(choices ? { choices } : {}), ...(isPath ? { completes: 'file' } : {}), ...(many ? { many } : {}) };
  });
  return [...ofSetting, { ...configFlag, completes: 'file' }];
}
