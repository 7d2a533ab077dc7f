import type { Invocation } from '../cli/invocation.ts';

export type ArgumentDefinition = {
  /** As help shows it, such as VM. */
  name: string;
  summary: string;
  required: boolean;
  /** Takes all that follow. */
  many?: boolean;
  /** The only values it takes; completion offers them. */
  choices?: readonly string[];
  /** Completion offers live names. */
  completes?: 'vm' | 'image' | 'file';
};

export type OptionDefinition = {
  /** Without dashes, such as user-data. */
  name: string;
  short?: string;
  /** Absent: a switch. */
  value?: string;
  summary: string;
  many?: boolean;
  choices?: readonly string[];
  defaultText?: string;
  /** Of use where the command speaks gRPC. */
  overGrpc?: true;
  completes?: 'vm' | 'image' | 'file';
};

/** One subcommand, as data: parsing, help, completion and documents come from it; its code is loaded when it runs. */
export type CommandDefinition = {
  /** One word, or a noun and a verb: "agent drain". */
  name: string;
  /** Whole names too: "network list". */
  aliases?: readonly string[];
  summary: string;
  arguments: readonly ArgumentDefinition[];
  options: readonly OptionDefinition[];
  examples: readonly string[];
  /** Flags are not ours to parse: all that follows is handed over as it is. */
  raw?: boolean;
  /** Works through `--server` too. */
  overGrpc?: true;
  load: () => Promise<{ run: (invocation: Invocation) => Promise<number> }>;
};
