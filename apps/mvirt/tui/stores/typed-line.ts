import type { Vm } from '@mvirt/api/schema';
import { toMvirtError } from '@mvirt/domain';
import { parse } from '../../cli/parse.ts';
import { splitLine } from '../keymap/split-line.ts';
import type { Message } from '../layout/footer-lines.ts';
import { plainText } from '../layout/text.ts';
import type { RunLine } from './run-line.ts';

export type TypedLineDeps = {
  runLine: RunLine;
  signal: AbortSignal;
  connected: () => boolean;
  vms: () => readonly Vm[];
  say: (text: string, tone: Message['tone']) => void;
  show: (title: string, text: string) => void;
  confirm: (action: 'kill' | 'delete', vms: readonly Vm[]) => void;
  /** Brings a VM's console, log or details to the front. */
  look: (at: 'console' | 'logs' | 'details', vm: Vm) => void;
  create: () => void;
  /** Runs `mvirt ARGV` on the terminal instead of the UI; said of it: line. */
  inTerminal: (argv: readonly string[], line: string) => Promise<void>;
};

/** They speak to the terminal themselves. */
const ofTerminal: ReadonlySet<string> = new Set(['ssh', 'cp']);

/** Does what a `mvirt …` line says: in the UI's own way where it has one, else by the command line's code. */
export function createTypedLine(deps: TypedLineDeps): (line: string) => void {
  async function run(line: string): Promise<void> {
    const words = splitLine(line);
    if (words === null) return deps.say('a quote is not closed', 'bad');
    const argv = words[0] === 'mvirt' ? words.slice(1) : words;
    const parsed = parse(argv);
    if (parsed.kind === 'help') return deps.show(`mvirt ${argv.join(' ')}`, parsed.text);
    if (parsed.kind === 'ui') return deps.say('this is the UI already', 'plain');
    const { command, invocation } = parsed;
    const { options, args } = invocation;
    const named = (args.vm ?? []).map((word) => vmOf(word, deps.vms()));
    const [vm] = named;
    if (invocation.socketFlag !== undefined) return deps.say('--socket: this UI speaks to its own agent; run it in a shell', 'warning');
    if (command.raw) return deps.say(`mvirt ${command.name} needs a shell of its own`, 'warning');
    if (command.name === 'create' && Object.keys(options).length === 0) return deps.create();
    if (vm && !invocation.json) {
      if (command.name === 'console') return deps.look('console', vm);
      if (command.name === 'logs' && options.console === undefined && options.since === undefined) return deps.look('logs', vm);
      if (command.name === 'get') return deps.look('details', vm);
    }
    const lost = command.name === 'kill' || command.name === 'delete' ? command.name : null;
    if (lost !== null && options.yes === undefined) {
      const all = named.filter((each) => each !== null);
      const unknown = (args.vm ?? []).find((_word, at) => named[at] === null);
      if (unknown !== undefined) return deps.say(`${plainText(unknown)} names no VM, or not one alone; its whole id does`, 'bad');
      return deps.confirm(lost, all);
    }
    // Sent now, it would be done whenever the agent comes back.
    if (!deps.connected()) return deps.say(`${line}: the agent cannot be reached`, 'bad');
    if (ofTerminal.has(command.name) && !invocation.json) {
      if (options.stdio !== undefined) return deps.say('mvirt ssh --stdio is for other programs', 'warning');
      return await deps.inTerminal(argv, line);
    }
    deps.say(`${line} …`, 'busy');
    const { ok, text } = await deps.runLine(parsed, { signal: deps.signal });
    if (deps.signal.aborted) return;
    const lines = text.trimEnd().split('\n');
    if (lines.length > 2) {
      deps.say(`${line}: ${ok ? 'done' : 'failed'}`, ok ? 'good' : 'bad');
      deps.show(`mvirt ${argv.join(' ')}`, text);
    } else deps.say(lines.map((each) => plainText(each).replace(/^(mvirt|hint): /, '')).join('; ') || `${line}: done`, ok ? 'good' : 'bad');
  }

  return (line) => {
    run(line).catch((error: unknown) => {
      const { message, hint } = toMvirtError(error);
      if (!deps.signal.aborted) deps.say(`${message}; ${hint}`, 'bad');
    });
  };
}

/** Four characters of an id name a VM where they are unique, as on the command line. */
const shortestPrefix = 4;

/** null: the agent may know it. */
function vmOf(word: string, vms: readonly Vm[]): Vm | null {
  const exact = vms.find((vm) => vm.id === word);
  if (exact) return exact;
  const begins = word.length < shortestPrefix ? [] : vms.filter((vm) => vm.id.startsWith(word));
  const found = new Set([...vms.filter((vm) => vm.name === word), ...begins]);
  return found.size === 1 ? ([...found][0] ?? null) : null;
}
