import { themeNames } from '../cli/theme-names.ts';
import { agentCommands } from './agent/index.ts';
import type { CommandDefinition, OptionDefinition } from './definition.ts';
import { imageCommands } from './image/index.ts';
import { networkCommands } from './network/index.ts';
import { vmCommands } from './vm/index.ts';

/** Every subcommand, in the order in which help shows them. */
export const commands: readonly CommandDefinition[] = [...vmCommands, ...imageCommands, ...networkCommands, ...agentCommands];

/** Nouns that are no command by themselves, with what help says of them. */
export const nouns: Readonly<Record<string, string>> = {
  image: "Disk images that mvirt keeps, to make VMs' disks of.",
  network: 'Networks that mvirt makes and keeps: each a bridge with addresses, names, and a way out.',
};

/** Options that every command takes, before or after its name. */
export const globalOptions: readonly OptionDefinition[] = [
  { name: 'socket', value: 'PATH', summary: "the agent's socket (else $MVIRT_SOCKET, else where it usually is)", completes: 'file' },
  { name: 'server', value: 'URL', summary: 'speak gRPC to http://HOST:PORT, https://HOST:PORT or unix:/PATH instead', overGrpc: true },
  { name: 'tls-ca', value: 'FILE', summary: "for https: who vouches for the server (else the system's authorities)", overGrpc: true, completes: 'file' },
  { name: 'tls-cert', value: 'FILE', summary: 'for https: who we are', overGrpc: true, completes: 'file' },
  { name: 'tls-key', value: 'FILE', summary: 'and its private key', overGrpc: true, completes: 'file' },
  { name: 'json', summary: 'machine-readable output' },
];

/** Options of the full-screen UI, which is what no command means. */
export const uiOptions: readonly OptionDefinition[] = [
  { name: 'no-mouse', summary: 'leave the mouse to the terminal' },
  { name: 'theme', value: 'THEME', summary: "colours of the UI (default: what the terminal's background asks for)", choices: themeNames },
];

export const findCommand = (name: string): CommandDefinition | undefined =>
  commands.find((command) => command.name === name || command.aliases?.includes(name));
