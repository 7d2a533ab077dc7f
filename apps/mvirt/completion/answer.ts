import { findSocket } from '@mvirt/api/client/find-socket';
import { type AgentApi, createOneShot } from '@mvirt/api/client/one-shot';
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
  const ask = (of: (api: AgentApi) => Promise<Candidate[]>) => () => asked(before, io, of);
  const live = { vms: ask(namesOfVms), images: ask(namesOfImages), agentOptions };
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

/** What an agent says; nothing without one, or through gRPC. */
async function asked(words: readonly string[], io: Io, of: (api: AgentApi) => Promise<Candidate[]>): Promise<Candidate[]> {
  if (words.some((word) => word.startsWith('--server'))) return [];
  const at = words.lastIndexOf('--socket');
  const flag = at < 0 ? words.find((word) => word.startsWith('--socket='))?.slice('--socket='.length) : words[at + 1];
  try {
    const { path, tried } = findSocket({ flag, env: io.env, cwd: io.cwd });
    return await of(createOneShot({ socketPath: path, tried }));
  } catch {
    return []; // no agent, or not for this user
  }
}

const inTime = () => ({ signal: AbortSignal.timeout(askMs) });

/** Names where they are unique, else ids. */
async function namesOfVms(api: AgentApi): Promise<Candidate[]> {
  const vms = await api.vm.list.query(undefined, inTime());
  const isUnique = (name: string): boolean => vms.filter((vm) => vm.name === name).length === 1;
  return vms.map(({ id, name, state }) => ({ word: name !== null && isUnique(name) && printable(name) === name ? name : id, summary: state }));
}

async function namesOfImages(api: AgentApi): Promise<Candidate[]> {
  return (await api.image.list.query(undefined, inTime())).map(({ name, format }) => ({ word: name, summary: format }));
}

async function agentOptions(): Promise<readonly OptionDefinition[]> {
  const { configFlag, settings } = await import('@mvirt/agent/settings');
  const ofSetting = settings.map(({ name, value, summary, choices, isPath, many }): OptionDefinition => {
    return { name, value, summary, ...(choices ? { choices } : {}), ...(isPath ? { completes: 'file' } : {}), ...(many ? { many } : {}) };
  });
  return [...ofSetting, { ...configFlag, completes: 'file' }];
}
