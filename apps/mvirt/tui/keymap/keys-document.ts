import type { KeyEntry } from './command.ts';
import { keyEntries } from './commands.ts';
import { keyLabel } from './key-name.ts';
import { type Mode, modes, modeTitles } from './mode.ts';

const intro = `# Keys

Made from the registry that the UI itself uses, by \`npm run generate\`; \`?\` in the UI shows the same, with what cannot act now greyed and its reason. \`↵\` is Enter, \`^x\` is Ctrl+x, \`S\` is Shift+s.
Where text is typed, every key that is not listed is text. In the console every key but \`^a\` is the guest's.
`;

/** docs/keys.md. */
export function keysDocument(): string {
  return [intro, ...modes.filter((mode) => mode !== 'console').map((mode) => section(mode, keyEntries))].join('\n');
}

function section(mode: Mode, entries: readonly KeyEntry[]): string {
  const rows = entries
    .filter((entry) => entry.when.includes(mode))
    .map((entry) => [entry.keys.map((key) => `\`${keyLabel(key)}\``).join(' '), entry.title] as const);
  const widest = Math.max(...rows.map(([keys]) => keys.length));
  const text = Math.max(...rows.map(([, title]) => title.length));
  const line = (keys: string, title: string): string => `| ${keys.padEnd(widest)} | ${title.padEnd(text)} |`;
  return [`## ${modeTitles[mode]}`, '', line('Key', 'What it does'), line('-'.repeat(widest), '-'.repeat(text)), ...rows.map((row) => line(...row)), ''].join(
    '\n',
  );
}
