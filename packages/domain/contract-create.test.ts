import { expect, test } from 'bun:test';
import { type ContractConfig, parseContractCreate } from './contract-create.ts';
import { MvirtError } from './error.ts';

const config: ContractConfig = { vcpus: 1, memory_mb: 512, disks: [], nics: [], boot_mode: 0, nested_virt: false };

function refusal(change: Partial<ContractConfig>, more: { id?: string; name?: string } = {}): string {
  try {
    parseContractCreate({ ...more, config: { ...config, ...change } });
  } catch (thrown) {
    if (thrown instanceof MvirtError) return `${thrown.code} ${thrown.message}`;
  }
  return 'taken';
}

test('all that the contract can say becomes a spec', () => {
  const nics = [{ tap: 'tap0' }, { mac: '52:54:00:AA:BB:CC' }, { vhost_socket: '/run/vhost.sock' }];
  const whole: ContractConfig = {
    vcpus: 300,
    memory_mb: 7,
    kernel: '/boot/vmlinuz',
    initramfs: '/boot/initrd',
    cmdline: 'console=ttyS0',
    disks: [{ path: '/d.qcow2', readonly: true }],
    nics,
    user_data: '#cloud-config\n',
    boot_mode: 2,
    nested_virt: true,
  };
  expect(parseContractCreate({ id: 'vm_1.a', name: 'Größe 名 / ../x -rf', config: whole })).toEqual({
    id: 'vm_1.a' as never,
    name: 'Größe 名 / ../x -rf',
    spec: {
      vcpus: 300,
      memoryMib: 7,
      maxVcpus: null,
      maxMemoryMib: null,
      bootMode: 'kernel',
      kernel: '/boot/vmlinuz',
      initramfs: '/boot/initrd',
      cmdline: 'console=ttyS0',
      firmware: null,
      disks: [{ path: '/d.qcow2', readonly: true, format: 'qcow2' }],
      nics: [
        { tap: 'tap0', mac: null, vhostSocket: null, network: null },
        { tap: null, mac: '52:54:00:aa:bb:cc', vhostSocket: null, network: null },
        { tap: null, mac: null, vhostSocket: '/run/vhost.sock', network: null },
      ],
      userData: '#cloud-config\n',
      nestedVirt: true,
      ownDisk: null,
      sshKeys: [],
      labels: {},
      hypervisor: 'auto',
      restart: 'never',
      autostart: null,
    },
  });
});

test('a first-release client sends no boot_mode and always a kernel, maybe an empty one', () => {
  const disks = [{ path: '/d', readonly: false }];
  expect(parseContractCreate({ config: { ...config, kernel: '/hypervisor-fw', disks } }).spec).toMatchObject({
    bootMode: 'unspecified',
    kernel: '/hypervisor-fw',
  });
  expect(parseContractCreate({ name: '', config: { ...config, kernel: '', disks } })).toMatchObject({ id: null, name: null, spec: { kernel: null } });
});

const path = (given: string) => ({ disks: [{ path: given, readonly: false }] });
const nic = (given: object) => ({ nics: [given] });
const refused: [string, Partial<ContractConfig>, string][] = [
  ['disk boot without a disk', { boot_mode: 1 }, 'boot_mode: disk needs a disk'],
  ['kernel boot without a kernel', { boot_mode: 2, kernel: '' }, 'boot_mode: kernel needs a kernel'],
  ['a boot mode of a later release', { boot_mode: 3 }, 'boot_mode: is none that this agent knows: give 1 (disk), 2 (kernel), or none'],
  ['memory that no number holds', { memory_mb: 2 ** 60 }, 'memory_mb: must be a whole number up to 9007199254740991'],
  ['a relative path', path('d.raw'), 'disks.0.path: must be an absolute path'],
  ['a path that climbs', path('/srv/../etc/shadow'), 'disks.0.path: must not contain ".."'],
  ['an empty path', path(''), 'disks.0.path: must not be empty'],
  ['NUL in a path', { kernel: '/k\0' }, 'kernel: must not contain control characters'],
  ['a newline in a path', { initramfs: '/i\n' }, 'initramfs: must not contain control characters'],
  ["the kernel's own files", { kernel: '/proc/self/mem' }, 'kernel: must not be in /proc or /sys'],
  ['a path without end', path(`/${'a'.repeat(5000)}`), 'disks.0.path: must be at most 4095 bytes long'],
  ['one disk twice', { disks: [path('/d'), path('//d')].flatMap(({ disks }) => disks) }, 'disks: names the same path twice'],
  ['one MAC twice', { nics: [{ mac: '52:54:00:00:00:01' }, { mac: '52:54:00:00:00:01' }] }, 'nics: names the same MAC twice'],
  ['one TAP twice', { nics: [{ tap: 'a' }, { tap: 'a' }] }, 'nics: names the same TAP twice'],
  ['a TAP that is an option', nic({ tap: '-rf' }), 'nics.0.tap: must be the name of a TAP, 1 to 15 characters'],
  ['a TAP that is a path', nic({ tap: '../x' }), 'nics.0.tap: must be the name of a TAP, 1 to 15 characters'],
  ['no MAC at all', nic({ mac: 'zz' }), 'nics.0.mac: must be six bytes in hex with colons, such as 52:54:00:12:34:56'],
  ['a multicast MAC', nic({ mac: '01:00:5e:00:00:01' }), 'nics.0.mac: must be a unicast address: its first byte is even'],
  ['a relative socket', nic({ vhost_socket: 'v.sock' }), 'nics.0.vhost_socket: must be an absolute path'],
  ['NUL in user-data', { user_data: 'a\0b' }, 'user_data: must not contain NUL'],
  ['a newline in a command line', { cmdline: 'a\nb' }, 'cmdline: must not contain control characters'],
  ['devices without end', { disks: Array.from({ length: 257 }, (_, index) => ({ path: `/d${index}`, readonly: false })) }, 'disks: must be at most 256'],
];

for (const [what, change, message] of refused) {
  test(`refused: ${what}`, () => expect(refusal(change)).toBe(`INVALID_ARGUMENT ${message}`));
}

const named: [string, { id?: string; name?: string }, string][] = [
  ['an id that climbs', { id: '../x' }, 'id: must be 1 to 64'],
  ['an empty id', { id: '' }, 'id: must be 1 to 64'],
  ['a long id', { id: 'a'.repeat(65) }, 'id: must be 1 to 64'],
  ['NUL in a name', { name: 'a\0' }, 'name: must not contain control characters'],
  ['an escape in a name', { name: '\u001b[2J' }, 'name: must not contain control characters'],
  ['a name that turns text around', { name: 'a\u202eb' }, 'name: must not contain control characters'],
  ['half a character', { name: '\ud800' }, 'name: must be valid Unicode'],
  ['a name that nobody sees', { name: '  ' }, 'name: must not be blank'],
  ['300 characters', { name: 'a'.repeat(300) }, 'name: must be at most 255 characters long'],
];

for (const [what, more, message] of named) {
  test(`refused: ${what}`, () => expect(refusal({}, more)).toStartWith(`INVALID_ARGUMENT ${message}`));
}
