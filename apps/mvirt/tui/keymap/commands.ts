import type { Command, KeyEntry } from './command.ts';
import { prefixKeys } from './console-prefix.ts';
import { detailCommands } from './detail-commands.ts';
import { dialogCommands } from './dialog-commands.ts';
import { filterCommand, listCommands } from './list-commands.ts';
import { logCommands } from './log-commands.ts';
import { paletteCommand, screenCommands } from './screen-commands.ts';
import { moreVmCommands, vmCommands } from './vm-commands.ts';

/** Every command, in the order in which hints and the help show them. */
export const commands: readonly Command[] = [
  ...vmCommands,
  ...detailCommands,
  ...logCommands,
  filterCommand,
  paletteCommand,
  ...listCommands,
  ...moreVmCommands,
  ...screenCommands,
  ...dialogCommands,
];

/** The same with the console's own keys, which are no commands: all that the help and docs/keys.md show. */
export const keyEntries: readonly KeyEntry[] = [...commands, ...prefixKeys];
