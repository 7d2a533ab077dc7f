import { test } from 'bun:test';
import { noTerminal } from '@mvirt/testkit/tmux';
import { leaves, openShell } from './testing/ui-shell.ts';

const missing = noTerminal();
if (missing) console.log(`skipped: ${missing}`);

const ways: [Parameters<typeof leaves>[1], number][] = [
  [{ key: 'C-c' }, 0],
  [{ signal: 'SIGTERM' }, 143],
  [{ signal: 'SIGINT' }, 130],
  [{ signal: 'SIGQUIT' }, 131],
];

test.skipIf(missing !== null).each(ways)(
  'ways out: %j gives the terminal back',
  async (way, status) => {
    await using shell = await openShell();
    await leaves(shell, way, status);
  },
  120_000,
);
