// npm run generate: what is made from the code and kept in docs/.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaFiles } from '@mvirt/api/schema/json-schema';
import { configurationDocument } from '../apps/agent/config-text.ts';
import { commandsDocument } from '../apps/mvirt/cli/commands-document.ts';
import { keysDocument } from '../apps/mvirt/tui/keymap/keys-document.ts';
import { errorsDocument } from './documents/errors.ts';
import { eventsDocument } from './documents/events.ts';

const folder = join(import.meta.dir, '../docs/schema');
mkdirSync(folder, { recursive: true });
const files = schemaFiles();
for (const name of readdirSync(folder)) if (!(name in files)) rmSync(join(folder, name));
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
console.log(`docs/schema: ${Object.keys(files).length} files`);

const documents = {
  'keys.md': keysDocument(),
  'configuration.md': configurationDocument(),
  'commands.md': commandsDocument(),
  'events.md': eventsDocument(),
  'errors.md': errorsDocument(),
};
for (const [name, text] of Object.entries(documents)) {
  writeFileSync(join(import.meta.dir, '../docs', name), text);
  console.log(`docs/${name}`);
}

// Drawn by the test that also finds out where they are stale.
const screens = Bun.spawnSync([process.execPath, 'test', './tui/ui-document.test.ts'], {
  cwd: join(import.meta.dir, '../apps/mvirt'),
  env: { ...process.env, MVIRT_GENERATE: '1' },
  stdout: 'ignore',
  stderr: 'pipe',
});
if (screens.exitCode !== 0) throw new Error(screens.stderr.toString());
console.log('docs/ui.md');
