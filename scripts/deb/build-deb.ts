import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, lutimesSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type ControlFields, controlText } from './control.ts';
import { type Installed, installed } from './installed.ts';

export type DebOptions = Pick<ControlFields, 'version' | 'architecture'> & {
  /** dist/mvirt. */
  executable: string;
  outfile: string;
  /** Seconds since 1970, of every file in it. */
  seconds: number;
};

const bytesPerKib = 1024;

/** The Debian package of an executable: the same bytes from the same executable. @throws Error with what dpkg-deb says */
export function buildDeb({ executable, outfile, version, architecture, seconds }: DebOptions): void {
  const tree = mkdtempSync(join(tmpdir(), 'mvirt-deb-'));
  try {
    const files = installed(version, seconds);
    for (const file of files) put(tree, file);
    put(tree, { path: 'usr/bin/mvirt', mode: 0o755, content: { copyOf: executable } });
    const conffiles = files.filter(({ path }) => path.startsWith('etc/')).map(({ path }) => `/${path}\n`);
    const paths = filesBelow(tree);
    const installedKib = paths.reduce((sum, path) => sum + Math.ceil(statSync(join(tree, path)).size / bytesPerKib), 0);
    const sums = paths.filter((path) => !path.startsWith('etc/')).map((path) => `${md5(join(tree, path))}  ${path}\n`);
    const control: Installed[] = [
      { path: 'DEBIAN/control', mode: 0o644, content: controlText({ version, architecture, installedKib }) },
      { path: 'DEBIAN/conffiles', mode: 0o644, content: conffiles.join('') },
      { path: 'DEBIAN/md5sums', mode: 0o644, content: sums.join('') },
      ...['postinst', 'prerm', 'postrm'].map((name) => ({ path: `DEBIAN/${name}`, mode: 0o755, content: { copyOf: join(import.meta.dir, 'files', name) } })),
    ];
    for (const file of control) put(tree, file);
    settle(tree, seconds);
    pack(tree, outfile, seconds);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

function put(tree: string, { path, mode, content }: Installed): void {
  const target = join(tree, path);
  mkdirSync(dirname(target), { recursive: true });
  if (typeof content === 'object' && 'copyOf' in content) copyFileSync(content.copyOf, target);
  else writeFileSync(target, content);
  chmodSync(target, mode);
}

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

const md5 = (path: string): string =>
  createHash('md5')
    .update(new Uint8Array(Bun.mmap(path)))
    .digest('hex');

/** Folders as everybody's umask would have them, and one time for all. */
function settle(tree: string, seconds: number): void {
  for (const entry of readdirSync(tree, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) chmodSync(path, 0o755);
    utimesSync(path, seconds, seconds);
  }
  chmodSync(tree, 0o755);
  lutimesSync(tree, seconds, seconds);
}

/** gzip: xz takes minutes for a file of this size, and with several threads its bytes depend on their number. */
function pack(tree: string, outfile: string, seconds: number): void {
  const part = `${outfile}.part`;
  const argv = ['--build', '--root-owner-group', '-Zgzip', '-z6', '--threads-max=1', tree, part];
  const { status, stderr, error } = spawnSync('dpkg-deb', argv, { encoding: 'utf8', env: { ...process.env, SOURCE_DATE_EPOCH: `${seconds}` } });
  if (status !== 0) throw new Error(`dpkg-deb failed: ${error?.message ?? stderr.trim()}`);
  renameSync(part, outfile);
}
