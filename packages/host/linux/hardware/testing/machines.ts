import type { SysReader } from '../sys-reader.ts';

/** A machine as its files: values of files, and where symbolic links lead (`-> target`). */
export type Machine = Record<string, string>;

export function readerOf(machine: Machine): SysReader & Disposable {
  const isLink = (value: string) => value.startsWith('-> ');
  return {
    text: async (path) => {
      const value = machine[path];
      return value === undefined || isLink(value) ? null : value.trim();
    },
    list: async (folder) => {
      const names = Object.keys(machine).flatMap((path) => (path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1).split('/')[0] ?? ''] : []));
      return [...new Set(names)].sort();
    },
    linkName: async (path) => {
      const value = machine[path];
      return value !== undefined && isLink(value) ? (value.split('/').at(-1) ?? null) : null;
    },
    [Symbol.dispose]: () => {},
  };
}

const cpuFolder = '/sys/devices/system/cpu';

function topology(id: number, socket: number, core: number): Machine {
  return {
    [`${cpuFolder}/cpu${id}/topology/physical_package_id`]: `${socket}`,
    [`${cpuFolder}/cpu${id}/topology/die_id`]: '0',
    [`${cpuFolder}/cpu${id}/topology/core_id`]: `${core}`,
  };
}

const x86 = (id: number, { vendor, model, mhz, flags = 'fpu vmx' }: { vendor: string; model: string; mhz: string; flags?: string }) =>
  `processor\t: ${id}\nvendor_id\t: ${vendor}\ncpu family\t: 6\nmodel\t\t: 158\nmodel name\t: ${model}\ncpu MHz\t\t: ${mhz}\nflags\t\t: ${flags}\nbugs\t\t: spectre_v1\n`;

const stat = (cpus: number) =>
  [
    'cpu  100 0 100 800 0 0 0 0 0 0',
    ...Array.from({ length: cpus }, (_, id) => `cpu${id} ${10 * (id + 1)} 5 5 70 10 0 0 0 3 0`),
    'intr 1 2 3',
    'ctxt 4',
    'btime 1700000000',
  ].join('\n');

/** A desktop: one socket, two cores, four threads, frequencies that scale, a SATA disk with a sensor and a DVD drive, no huge pages. */
export const desktop: Machine = {
  '/proc/stat': stat(4),
  '/proc/cpuinfo': [0, 1, 2, 3].map((id) => x86(id, { vendor: 'GenuineIntel', model: 'Intel(R) Core(TM) i3-7100 CPU @ 3.90GHz', mhz: '800.031' })).join('\n'),
  ...topology(0, 0, 0),
  ...topology(1, 0, 1),
  ...topology(2, 0, 0),
  ...topology(3, 0, 1),
  [`${cpuFolder}/cpu0/cpufreq/scaling_cur_freq`]: '3900012',
  [`${cpuFolder}/cpu1/cpufreq/scaling_cur_freq`]: '800000',
  '/proc/meminfo':
    'MemTotal:       16303428 kB\nMemFree:         1000000 kB\nMemAvailable:   12000000 kB\nBuffers:          300000 kB\nCached:          4000000 kB\nSwapCached:            1 kB\nSwapTotal:       1000000 kB\nSwapFree:         999996 kB\nHugePages_Total:       0\nHugePages_Free:        0\nHugepagesize:       2048 kB\n',
  '/sys/devices/system/node/node0/meminfo': 'Node 0 MemTotal:       16303428 kB\nNode 0 MemFree:         1000000 kB\n',
  '/sys/devices/system/node/node0/cpulist': '0-3',
  '/sys/devices/system/node/online': '0',
  '/sys/block/sda/device': '-> ../../../0:0:0:0',
  '/sys/block/sda/device/type': '0',
  '/sys/block/sda/device/model': 'WDC WD40EFRX-68N',
  '/sys/block/sda/device/vpd_pg80': '\0\ufffd\0\u0014     WD-WCC7K0000001',
  '/sys/block/sda/device/hwmon/hwmon2/temp1_input': '34000',
  '/sys/block/sda/size': '7814037168',
  '/sys/block/sr0/device': '-> ../../../1:0:0:0',
  '/sys/block/sr0/device/type': '5',
  '/sys/block/sr0/size': '2097151',
  '/sys/block/loop0/size': '0',
  '/sys/class/net/enp3s0/ifindex': '2',
  '/sys/class/net/enp3s0/address': '00:11:22:33:44:55',
  '/sys/class/net/enp3s0/speed': '1000',
  '/sys/class/net/enp3s0/duplex': 'full',
  '/sys/class/net/enp3s0/device/driver': '-> ../../../../bus/pci/drivers/r8169',
};

/** A server: two sockets that are NUMA nodes, huge pages, an NVMe disk with a hidden path beside it, an old RAID controller's disk. CPU 3 is off. */
export const server: Machine = {
  '/proc/stat': `cpu  1 0 1 1 0 0 0 0 0 0\ncpu0 10 0 0 90 0 0 0 0 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\ncpu2 50 0 50 0 0 0 0 0 0 0\n`,
  '/proc/cpuinfo': [0, 1, 2].map((id) => x86(id, { vendor: 'AuthenticAMD', model: 'AMD EPYC 7302 16-Core Processor', mhz: '2994.375', flags: '' })).join('\n'),
  ...topology(0, 0, 0),
  ...topology(1, 1, 0),
  ...topology(2, 0, 1),
  '/proc/meminfo':
    'MemTotal:       263000000 kB\nMemAvailable:   200000000 kB\nCached:           100000 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\nHugePages_Total:      16\nHugePages_Free:       12\nHugepagesize:    1048576 kB\n',
  '/sys/devices/system/node/node0/meminfo': '\nNode 0 MemTotal:       131500000 kB\nNode 0 MemFree:        90000000 kB\nNode 0 MemUsed:        1 kB\n',
  '/sys/devices/system/node/node0/cpulist': '0,2',
  '/sys/devices/system/node/node10/meminfo': 'Node 10 MemTotal:       131500000 kB\nNode 10 MemFree:        80000000 kB\n',
  '/sys/devices/system/node/node10/cpulist': '1',
  '/sys/block/nvme0n1/device': '-> ../../nvme0',
  '/sys/block/nvme0n1/device/model': 'SAMSUNG MZQL23T8HCLS-00A07              ',
  '/sys/block/nvme0n1/device/serial': 'S64HNE0T000001      ',
  '/sys/block/nvme0n1/device/hwmon1/temp1_input': '41850',
  '/sys/block/nvme0n1/size': '7501476528',
  '/sys/block/nvme0c0n1/device': '-> ../../nvme0',
  '/sys/block/nvme0c0n1/hidden': '1',
  '/sys/block/cciss!c0d0/device': '-> ../../c0d0',
  '/sys/block/cciss!c0d0/device/hwmon0/temp1_input': 'not a number',
  '/sys/block/cciss!c0d0/size': '16',
  '/sys/block/dm-0/size': '100',
};

/** A virtual machine on ARM: no frequencies, no NUMA, no huge pages, topology that its firmware does not tell, a virtio disk. */
export const virtualArm: Machine = {
  '/proc/stat': stat(2),
  '/proc/cpuinfo':
    'processor\t: 0\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\nprocessor\t: 1\nBogoMIPS\t: 50.00\nFeatures\t: fp asimd\nCPU implementer\t: 0x41\n\n',
  [`${cpuFolder}/cpu0/topology/physical_package_id`]: '-1',
  [`${cpuFolder}/cpu0/topology/core_id`]: '0',
  [`${cpuFolder}/cpu1/topology/physical_package_id`]: '-1',
  [`${cpuFolder}/cpu1/topology/core_id`]: '1',
  '/proc/meminfo': 'MemTotal:        2000000 kB\nMemFree:          100000 kB\nMemAvailable:    1500000 kB\nCached:           200000 kB\n',
  '/sys/block/vda/device': '-> ../../../virtio1',
  '/sys/block/vda/serial': 'root-disk',
  '/sys/block/vda/size': '2048',
};

/** `ip -json -details -statistics address show` of the desktop, with a bridge, a TAP on it and a NIC that is down; cut to what is read. */
export const desktopInterfaces = JSON.stringify([
  { ifindex: 1, ifname: 'lo', flags: ['LOOPBACK', 'UP'], operstate: 'UNKNOWN', link_type: 'loopback', address: '00:00:00:00:00:00', addr_info: [] },
  {
    ifindex: 2,
    ifname: 'enp3s0',
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    operstate: 'UP',
    link_type: 'ether',
    address: '00:11:22:33:44:55',
    addr_info: [
      { family: 'inet', local: '192.0.2.7', prefixlen: 24 },
      { family: 'inet6', local: '2001:db8::7', prefixlen: 64 },
      { family: 'inet6', local: 'fe80::7', prefixlen: 64 },
    ],
    stats64: { rx: { bytes: 9_007_199_254_740_991, packets: 1 }, tx: { bytes: 2, packets: 1 } },
  },
  {},
  {
    ifindex: 3,
    ifname: 'br0',
    flags: ['BROADCAST', 'UP'],
    operstate: 'UNKNOWN',
    link_type: 'ether',
    address: '52:54:00:aa:bb:cc',
    linkinfo: { info_kind: 'bridge', info_data: {} },
    addr_info: [],
    stats64: { rx: { bytes: 3 }, tx: { bytes: 4 } },
  },
  { ifindex: 4, ifname: 'mvirt-00000000', flags: ['UP'], operstate: 'UP', link_type: 'ether', address: '52:54:00:aa:bb:dd', linkinfo: { info_kind: 'tun' } },
  { ifindex: 5, ifname: 'enp4s0', flags: ['BROADCAST'], operstate: 'DOWN', link_type: 'ether', address: '00:11:22:33:44:66', addr_info: [] },
]);
