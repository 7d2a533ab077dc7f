import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { type SeedFile, seedFiles } from './seed.ts';
import { seedArgv, seedPrograms } from './seed-argv.ts';

const system: NodeJS.ProcessEnv = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const has = (name: string): boolean => Bun.which(name, { PATH: system.PATH ?? '' }) !== null;
const files: SeedFile[] = seedFiles({
  vmId: 'a',
  name: 'web1',
  userData: `#!/bin/sh\n# ${'x'.repeat(300_000)}\n`,
  sshKeys: ['k'],
  macs: ['52:54:00:00:00:01'],
});

for (const program of seedPrograms) {
  const reader = program === 'mkfs.vfat' ? 'mcopy' : 'isoinfo';
  const lacking = [program, reader].filter((name) => !has(name));
  if (lacking.length > 0) console.log(`skip: no seed is packed by ${program}: missing ${lacking.join(', ')}`);

  test.skipIf(lacking.length > 0)(`${program} packs the files under the label cidata`, () => {
    using dir = tempDir('seed');
    mkdirSync(dir.join('in'));
    for (const { name, content } of files) writeFileSync(dir.join('in', name), content);
    const output = dir.join('cloudinit.img');
    for (const [name = '', ...args] of seedArgv({ program, directory: dir.join('in'), output })) execFileSync(name, args, { env: system, stdio: 'pipe' });
    const image = readFileSync(output);
    const label = program === 'mkfs.vfat' ? image.toString('latin1', 43, 49) : image.toString('latin1', 32808, 32814);
    expect(label.toLowerCase()).toBe('cidata');
    for (const { name, content } of files) {
      const argv = program === 'mkfs.vfat' ? ['mcopy', '-i', output, `::${name}`, '-'] : ['isoinfo', '-R', '-i', output, '-x', `/${name}`];
      expect(execFileSync(argv[0] ?? '', argv.slice(1), { env: system, encoding: 'utf8', maxBuffer: 1 << 24 })).toBe(content);
    }
  });
}
