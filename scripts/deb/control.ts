/** Debian's word for the CPU that this runs on. @throws Error where mvirt is not made for it */
export function debianArchitecture(arch: string): 'amd64' | 'arm64' {
  if (arch === 'x64') return 'amd64';
  if (arch === 'arm64') return 'arm64';
  throw new Error(`there is no package for ${arch}`);
}

export type ControlFields = { version: string; architecture: 'amd64' | 'arm64'; installedKib: number };

/** DEBIAN/control. Guests are x86-64's on either CPU. What stops VMs from running at all is a dependency; what one kind of VM needs is recommended, and said by `mvirt doctor`. */
export function controlText({ version, architecture, installedKib }: ControlFields): string {
  return `Package: mvirt
Version: ${version}
Architecture: ${architecture}
Maintainer: The mvirt authors <mvirt@localhost>
Installed-Size: ${installedKib}
Depends: libc6 (>= 2.34), libstdc++6 (>= 11), iproute2, passwd
Recommends: dbus, qemu-system-x86, qemu-utils, genisoimage | xorriso, dnsmasq-base, nftables, openssh-client
Suggests: ovmf, xz-utils, zstd, bzip2, bash-completion
Section: admin
Priority: optional
Description: virtual machines on one host, from a terminal
 A privileged agent that owns the virtual machines of this host, and a command
 line and a full-screen terminal UI that talk to it. Guests run on
 cloud-hypervisor where that is installed and /dev/kvm works, else on QEMU.
 .
 Serial consoles lose nothing, virtual machines outlive the agent, a stop
 presses the power button, and every command has --json for scripts.
`;
}
