import { expect, test } from 'bun:test';
import { type SshPlace, sshOptions } from './ssh-options.ts';

const place: SshPlace = {
  vmId: 'Web-1.A',
  address: '10.9.0.7',
  user: 'debian',
  knownHosts: '/home/a b/100%/known',
  pinned: true,
  proxy: null,
  more: ['ForwardAgent=yes'],
};
const said = (change: Partial<SshPlace> = {}) => {
  const argv = sshOptions({ ...place, ...change });
  expect(argv.filter((_, index) => index % 2 === 0).every((word) => word === '-o')).toBe(true);
  return argv.filter((_, index) => index % 2 === 1);
};

test('a VM whose keys are known: strictly checked against our own file, by its id', () => {
  expect(said()).toEqual([
    'HostName=10.9.0.7',
    'User=debian',
    'HostKeyAlias=mvirt-web-1.a',
    'UserKnownHostsFile="/home/a b/100%%/known"',
    'GlobalKnownHostsFile=/dev/null',
    'StrictHostKeyChecking=yes',
    'CheckHostIP=no',
    'UpdateHostKeys=no',
    'VerifyHostKeyDNS=no',
    'ControlPath=none',
    'ProxyCommand=none',
    'ForwardAgent=yes',
  ]);
});

test('without known keys the first is trusted, and only the first', () => {
  expect(said({ pinned: false })).toContain('StrictHostKeyChecking=accept-new');
});

test("by way of the agent: words that neither ssh nor a shell changes, whatever is in them; the user's options never come first", () => {
  const proxy = ['/opt/it is/bun', "a'b", '100%h', '$(id)'];
  const all = said({ proxy, more: ['StrictHostKeyChecking=no'] });
  expect(all).toContain(`ProxyCommand='/opt/it is/bun' 'a'\\''b' '100%%h' '$(id)'`);
  expect(all.indexOf('StrictHostKeyChecking=yes')).toBeLessThan(all.indexOf('StrictHostKeyChecking=no'));
});

const ssh = Bun.which('ssh');
if (ssh === null) console.log('skip: ssh is missing (Debian package openssh-client)');
test.skipIf(ssh === null)('the ssh that is here understands it so', () => {
  const odd = { knownHosts: '/tmp/it is/100%h', proxy: ["/bin/a'b", '100%h'], more: ['StrictHostKeyChecking=no'] };
  const told = Bun.spawnSync(['ssh', '-G', '-F', '/dev/null', ...sshOptions({ ...place, ...odd }), '--', 'web']).stdout.toString();
  const value = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(told)?.[1];
  expect(value('hostname')).toBe('10.9.0.7');
  expect(value('user')).toBe('debian');
  expect(value('hostkeyalias')).toBe('mvirt-web-1.a');
  expect(value('userknownhostsfile')).toMatch(/^"?\/tmp\/it is\/100%%?h"?$/);
  expect(value('stricthostkeychecking')).toBe('true');
  expect(value('proxycommand')).toContain('100%%h');
});
