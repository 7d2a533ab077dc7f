/// <reference path="../text-files.d.ts" />
import init from './guest/init.sh' with { type: 'text' };
import nic from './guest/nic.sh' with { type: 'text' };
import poweroff from './guest/poweroff.sh' with { type: 'text' };
import ssh from './guest/ssh.sh' with { type: 'text' };
import udhcpc from './guest/udhcpc.sh' with { type: 'text' };
import uevent from './guest/uevent.sh' with { type: 'text' };

/** The guest's own files: path in the guest → text. Executable where the text is a script. */
export const guestFiles: Readonly<Record<string, string>> = {
  'etc/group': 'root:x:0:\n',
  'etc/inittab': '::respawn:-/bin/sh\n::ctrlaltdel:/bin/reboot\n::shutdown:/bin/umount -a -r\n',
  'etc/nic.sh': nic,
  'etc/passwd': 'root::0:0:root:/root:/bin/sh\n',
  'etc/poweroff.sh': poweroff,
  'etc/profile': 'PS1="$(hostname):\\w# "\n',
  'etc/ssh.sh': ssh,
  'etc/udhcpc.sh': udhcpc,
  'etc/uevent.sh': uevent,
  init,
};

/** Modules wanted in the guest, loaded in this order after what they depend on. Those built into a kernel are passed over. */
export const wantedModules: readonly string[] = [
  'virtio_pci',
  'virtio_blk',
  'virtio_net',
  'virtio_console',
  'virtio_balloon',
  'virtio-rng',
  'isofs',
  'vfat',
  'nls_cp437',
  'nls_ascii',
  'nls_utf8',
  'button',
  'evdev',
  'pvpanic-pci',
];

export const guestCmdline = 'console=ttyS0 quiet cryptomgr.notests nokaslr';
