import { expect, test } from 'bun:test';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { documentSizes, drawScreen, screens } from './testing/screens.ts';

const path = join(import.meta.dir, '../../../docs/ui.md');

/** `<!-- screen NAME -->`, and what was drawn for it up to the next empty comment. */
const place = /<!-- screen (\S+) -->\n[\s\S]*?<!-- -->/g;

test('docs/ui.md shows the screens as they are: run `npm run generate` where this fails', async () => {
  const before = readFileSync(path, 'utf8');
  const blocks = new Map<string, string>();
  for (const { name } of screens) {
    const frames = [];
    for (const size of documentSizes) frames.push(`\`\`\`text\n${await drawScreen(name, size)}\n\`\`\``);
    blocks.set(name, `<!-- screen ${name} -->\n\n${frames.join('\n\n')}\n\n<!-- -->`);
  }
  const shown = [...before.matchAll(place)].map(([, name]) => name ?? '');
  expect(shown.toSorted()).toEqual([...blocks.keys()].toSorted());
  const after = before.replaceAll(place, (_, name: string) => blocks.get(name) ?? '');
  if (process.env.MVIRT_GENERATE === '1') writeFileSync(path, after);
  else expect(before).toBe(after);
}, 60_000);
