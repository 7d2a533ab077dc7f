import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { agentToml } from '../../apps/agent/config-text.ts';
import { wrap } from '../../apps/agent/wrap.ts';
import { completionScript, shells } from '../../apps/mvirt/completion/scripts.ts';
import { manualPages } from './manual/pages.ts';

/** A file of the package: where it is installed, without the leading slash. */
export type Installed = { path: string; mode: number; content: string | Uint8Array | { copyOf: string } };

const root = join(import.meta.dir, '../..');
const ownFile = (name: string) => ({ copyOf: join(import.meta.dir, 'files', name) });

/** Everything but the executable. */
export function installed(version: string, seconds: number): Installed[] {
  const files: [string, Installed['content']][] = [
    ['lib/systemd/system/mvirt.service', ownFile('mvirt.service')],
    ['lib/systemd/system/mvirt-drain.service', ownFile('mvirt-drain.service')],
    ['usr/lib/tmpfiles.d/mvirt.conf', ownFile('mvirt.tmpfiles')],
    ['etc/mvirt/agent.toml', agentToml()],
    ...shells.map((shell): [string, string] => [completionPaths[shell], completionScript(shell)]),
    ...manualPages(version, seconds).map(({ name, section, text }): [string, Uint8Array] => [
      `usr/share/man/man${section}/${name}.${section}.gz`,
      compressed(text),
    ]),
    ['usr/share/lintian/overrides/mvirt', ownFile('lintian-overrides')],
    ['usr/share/doc/mvirt/copyright', copyrightText()],
    ['usr/share/doc/mvirt/changelog.gz', compressed(changelogText(version, seconds))],
    ...documents(),
  ];
  return files.map(([path, content]) => ({ path, mode: 0o644, content }));
}

const completionPaths = {
  bash: 'usr/share/bash-completion/completions/mvirt',
  zsh: 'usr/share/zsh/vendor-completions/_mvirt',
  fish: 'usr/share/fish/vendor_completions.d/mvirt.fish',
} as const;

/** No name and no time of its own in it. */
const compressed = (text: string): Uint8Array => gzipSync(text, { level: 9 });

const documents = (): [string, Installed['content']][] =>
  readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .sort()
    .map((name) => [`usr/share/doc/mvirt/${name}`, { copyOf: join(root, 'docs', name) }]);

function copyrightText(): string {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: mvirt
Comment: The executable holds Bun (MIT, with the parts that its own licence names), SQLite
 (public domain), and the npm packages that bun.lock names, each under its own licence.

Files: *
Copyright: The mvirt authors
License: Apache-2.0

License: Apache-2.0
 On Debian systems the full text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
`;
}

const changelogColumns = 79;
const indent = '    ';

/** In Debian's form; the lines of the newest release in CHANGELOG.md. */
function changelogText(version: string, seconds: number): string {
  const [, latest = ''] = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(/^## .*$/m);
  const lines = latest
    .trim()
    .split('\n')
    .join(' ')
    .split(/(?:^| )- /)
    .filter((item) => item !== '')
    .map((item) => `  * ${wrap(item.replaceAll(/\s+/g, ' '), changelogColumns - indent.length).join(`\n${indent}`)}`);
  const date = new Date(seconds * 1000).toUTCString().replace('GMT', '+0000');
  return `mvirt (${version}) unstable; urgency=medium\n\n${lines.join('\n')}\n\n -- The mvirt authors <mvirt@localhost>  ${date}\n`;
}
