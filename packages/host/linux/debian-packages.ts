/** The Debian package that brings a program; the program's own name where it has no row. */
export const debianPackageOf = (program: string): string => packages[program] ?? program;

const packages: Record<string, string> = {
  bridge: 'iproute2',
  'cloud-init': 'cloud-init',
  dnsmasq: 'dnsmasq-base',
  genisoimage: 'genisoimage',
  ip: 'iproute2',
  mkfs: 'util-linux',
  mount: 'mount',
  mv: 'coreutils',
  nft: 'nftables',
  nsenter: 'util-linux',
  'qemu-img': 'qemu-utils',
  'qemu-nbd': 'qemu-utils',
  'qemu-system-aarch64': 'qemu-system-arm',
  'qemu-system-x86_64': 'qemu-system-x86',
  setpriv: 'util-linux',
  sh: 'dash',
  socat: 'socat',
  ssh: 'openssh-client',
  'ssh-keygen': 'openssh-client',
  sysctl: 'procps',
  tc: 'iproute2',
  unshare: 'util-linux',
  xorriso: 'xorriso',
};
