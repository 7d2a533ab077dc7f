import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { agentToml } from '../../apps/agent/config-text.ts';
import { commands } from '../../apps/mvirt/commands/registry.ts';
import { buildDeb } from './build-deb.ts';
import { debianArchitecture } from './control.ts';
import { manualPages } from './manual/pages.ts';

const missing = Bun.which('dpkg-deb') === null ? 'dpkg-deb is missing: not a Debian system' : null;
const dpkg = (...argv: string[]): string => execFileSync('dpkg-deb', argv, { encoding: 'utf8' });

test.skipIf(missing !== null)(`the package has what a host needs, and is the same bytes each time${missing === null ? '' : ` (${missing})`}`, () => {
  using dir = tempDir('deb');
  writeFileSync(dir.join('mvirt'), 'stands for the executable');
  const build = (name: string): string => {
    const umask = process.umask(name === 'one' ? 0o077 : 0o002);
    try {
      buildDeb({ executable: dir.join('mvirt'), outfile: dir.join(`${name}.deb`), version: '9.8.7', architecture: 'arm64', seconds: 1_700_000_000 });
    } finally {
      process.umask(umask);
    }
    return dir.join(`${name}.deb`);
  };
  const deb = build('one');
  expect(readFileSync(build('two')).equals(readFileSync(deb))).toBe(true);
  expect(dpkg('--field', deb, 'Version', 'Architecture', 'Recommends')).toBe(
    'Version: 9.8.7\nArchitecture: arm64\nRecommends: dbus, qemu-system-x86, qemu-utils, genisoimage | xorriso, dnsmasq-base, nftables, openssh-client\n',
  );
  expect(dpkg('--info', deb, 'conffiles')).toBe('/etc/mvirt/agent.toml\n');
  dpkg('--raw-extract', deb, dir.join('tree'));
  execFileSync('md5sum', ['--quiet', '--check', 'DEBIAN/md5sums'], { cwd: dir.join('tree') });
  expect(readFileSync(dir.join('tree/etc/mvirt/agent.toml'), 'utf8')).toBe(agentToml());
  const listed = dpkg('--contents', deb).trimEnd().split('\n');
  expect(listed.filter((line) => !/ root\/root .* 2023-11-14 /.test(line))).toEqual([]);
  expect(listed.find((line) => line.endsWith('./usr/bin/mvirt'))).toStartWith('-rwxr-xr-x');
  for (const name of ['postinst', 'prerm', 'postrm']) execFileSync('sh', ['-n', dir.join('tree/DEBIAN', name)]);
});

test('a manual page for every command, and every file that a page or a unit names is there', () => {
  const pages = manualPages('9.8.7', 1_700_000_000);
  const names = pages.map(({ name, section }) => `${name}(${section})`);
  for (const { name, summary, raw } of commands) {
    const page = pages.find((one) => one.section === 1 && (one.name === `mvirt-${name.replaceAll(' ', '-')}` || one.name === `mvirt-${name.split(' ')[0]}`));
    if (!raw) expect([name, page?.text.includes(summary.slice(1, 12).replaceAll('-', '\\-').replaceAll("'", '\\(aq'))]).toEqual([name, true]);
  }
  expect(new Set(names).size).toBe(names.length);
  const referred = pages.flatMap(({ text }) => [...text.replaceAll('\\-', '-').matchAll(/\b(mvirt[a-z-]*|agent\.toml)\((\d)\)/g)].map(([whole]) => whole));
  const files = join(import.meta.dir, 'files');
  const units = readdirSync(files).flatMap((name) =>
    [...readFileSync(join(files, name), 'utf8').matchAll(/man:([a-z.-]+\(\d\))/g)].map(([, page]) => page ?? ''),
  );
  expect(units.length).toBeGreaterThan(2);
  expect([...new Set([...referred, ...units])].filter((name) => !names.includes(name))).toEqual([]);
  // A line that begins with a point or a quote is a command to roff.
  const requests = /^(\.(TH|SH|SS|TP|PP|IP|EX|EE|B|br)\b|[^.'])/;
  for (const { name, text } of pages)
    expect([
      name,
      text
        .trimEnd()
        .split('\n')
        .filter((line) => !requests.test(line)),
    ]).toEqual([name, []]);
});

test('packages are for the two CPUs that mvirt runs on', () => {
  expect([debianArchitecture('x64'), debianArchitecture('arm64')]).toEqual(['amd64', 'arm64']);
  expect(() => debianArchitecture('ia32')).toThrow('there is no package for ia32');
});
