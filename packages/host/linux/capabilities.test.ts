import { expect, test } from 'bun:test';
import { capability, parseCapabilities } from './capabilities.ts';
import { setprivArgv } from './vmm/privileges.ts';

test('bits of a capability mask', () => {
  const full = parseCapabilities('000001ffffffffff');
  expect([full.has(0), full.has(capability.netAdmin), full.has(40), full.has(41)]).toEqual([true, true, true, false]);
  const none = parseCapabilities('0000000000000000');
  expect(Object.values(capability).some((bit) => none.has(bit))).toBe(false);
});

test("root's VMM keeps CAP_DAC_OVERRIDE alone", () => {
  const argv = setprivArgv('/usr/bin/setpriv', parseCapabilities('000001ffffffffff'), ['/usr/bin/vmm', '-x']);
  const set = '-all,+dac_override';
  const flags = ['--no-new-privs', `--bounding-set=${set}`, `--inh-caps=${set}`, `--ambient-caps=${set}`];
  expect(argv).toEqual(['/usr/bin/setpriv', ...flags, '--', '/usr/bin/vmm', '-x']);
});

test("an ordinary user's VMM, and that of an agent with CAP_NET_ADMIN alone, get no capability", () => {
  for (const mask of ['0', '1000']) {
    expect(setprivArgv('setpriv', parseCapabilities(mask), ['vmm'])).toEqual([
      'setpriv',
      '--no-new-privs',
      '--inh-caps=-all',
      '--ambient-caps=-all',
      '--',
      'vmm',
    ]);
  }
});
