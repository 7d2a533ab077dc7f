import { expect, test } from 'bun:test';
import { parseVersion, refusedVersion } from './version.ts';

const version = (said: string) => {
  const parsed = parseVersion(said);
  if (parsed === null) throw new Error(`no version in ${said}`);
  return parsed;
};

test('it is read from what the program says', () => {
  expect(parseVersion('cloud-hypervisor v53.0-dirty\nMigration Protocol Versions: 0\n')).toEqual({ major: 53, minor: 0, patch: 0 });
  expect(parseVersion('cloud-hypervisor v50.2.1')).toEqual({ major: 50, minor: 2, patch: 1 });
  expect(parseVersion('QEMU emulator version 7.2')).toBeNull();
});

test.each([
  ['cloud-hypervisor v49.0', /version 49.0 is refused: .*GHSA-jmr4/],
  ['cloud-hypervisor v50.0', /GHSA-jmr4/],
  ['cloud-hypervisor v51.1', /version 51.1 is refused: .*GHSA-f47p/],
  ['cloud-hypervisor v51.2', /version 51.2 is too old/],
])('%s is refused by name', (said, words) => {
  expect(refusedVersion(version(said))).toMatch(words);
});

test.each(['cloud-hypervisor v52.0', 'cloud-hypervisor v53.0', 'cloud-hypervisor v60.1'])('%s is taken', (said) => {
  expect(refusedVersion(version(said))).toBeNull();
});
