import { chmodSync, constants, copyFileSync, writeFileSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import type { Hardware, Host, ProcessUsage, SystemFigures, VmmSpawn } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import { createFakeProcesses, type FakeProcesses } from './fake-processes.ts';

/** A host whose processes, figures and most programs are in memory; its files, and what works on images, are real ones. Outlives "agents". */
export type FakeHost = Host & {
  readonly processes: FakeProcesses;
  /** What usage(pid) answers while the process lives; without it all zeros. */
  usageOf: Map<number, ProcessUsage>;
  figuresNow: SystemFigures;
  /** Programs that are "installed". */
  installed: Set<string>;
  /** What clone() does; null: what the filesystem does. */
  cloning: 'done' | 'refused' | null;
  /** Command lines that were run. */
  ran: string[][];
  /** The next run of a program fails with these words. */
  failNextRun(words: string): void;
};

export function createFakeHost({ processes = createFakeProcesses() }: { processes?: FakeProcesses } = {}): FakeHost {
  const { files, sockets, programs: real } = createLinuxHost();
  const usageOf: FakeHost['usageOf'] = new Map();
  const installed = new Set(['genisoimage', 'ip', ...imagePrograms.filter((name) => real.find(name) !== null)]);
  const ran: string[][] = [];
  let runFailure: string | null = null;
  const host: FakeHost = {
    processes,
    files: {
      ...files,
      clone(from, to) {
        if (host.cloning === null) return files.clone(from, to);
        if (host.cloning === 'done') {
          copyFileSync(from, to, constants.COPYFILE_EXCL);
          chmodSync(to, 0o600);
        }
        return host.cloning;
      },
    },
    cloning: null,
    sockets,
    usageOf,
    installed,
    ran,
    figuresNow: {
      hostname: 'fake',
      kernelVersion: '6.1.0',
      uptimeSeconds: 1000,
      cpus: 4,
      memoryBytes: 8 * 1024 ** 3,
      availableMemoryBytes: 6 * 1024 ** 3,
      load: [0, 0, 0],
    },
    failNextRun(words) {
      runFailure = words;
    },
    vmms: {
      async spawn({ runDir }: VmmSpawn, { signal }) {
        signal.throwIfAborted();
        return processes.start({ cwd: runDir });
      },
      readExit: () => null,
      waitExit: async () => null,
      forget: () => {},
      async openInput() {
        throw new MvirtError({ code: 'CONSOLE_READ_ONLY', message: 'a fake host has no serial lines' });
      },
    },
    programs: {
      find: (name) => (installed.has(name) ? `/usr/bin/${name}` : null),
      async run(argv, options) {
        const { signal } = options;
        await new Promise((resolve) => setImmediate(resolve));
        signal?.throwIfAborted();
        ran.push(argv);
        const words = runFailure;
        runFailure = null;
        if (words !== null) throw new MvirtError({ code: 'PROGRAM_FAILED', message: words });
        const [name = ''] = argv;
        if (imagePrograms.includes(name)) {
          if (!installed.has(name)) throw new MvirtError({ code: 'PROGRAM_MISSING', message: `${name} is not installed` });
          return real.run(argv, options);
        }
        writeOutput(argv);
        return { stdout: '', stderr: '' };
      },
    },
    system: {
      figures: () => host.figuresNow,
      usage(pid) {
        if (processes.identify(pid) === null) return null;
        return usageOf.get(pid) ?? { cpuMs: 0, rssBytes: 0 };
      },
      rights: () => ({ uid: 0, netAdmin: true, tun: true, kvm: false }),
    },
    hardware: { read: async () => fakeHardware },
  };
  return host;
}

/** Real ones. */
const imagePrograms = ['qemu-img', 'gzip', 'xz', 'zstd', 'bzip2'];

/** A small machine: one CPU core, one disk, one NIC. */
export const fakeHardware: Hardware = {
  cpu: {
    model: 'Fake CPU',
    vendor: 'GenuineFake',
    physicalCores: 1,
    logicalCores: 1,
    sockets: 1,
    cores: [{ id: 0, frequencyMhz: 2000, usagePercent: 12.5, numaNode: 0 }],
    flags: ['fpu', 'vmx'],
  },
  memory: {
    totalBytes: 8 * 1024 ** 3,
    availableBytes: 6 * 1024 ** 3,
    cachedBytes: 1024 ** 3,
    swapTotalBytes: 2 * 1024 ** 3,
    swapUsedBytes: 4096,
    hugepagesTotal: 4,
    hugepagesFree: 3,
    hugepageSizeKib: 2048,
  },
  numaNodes: [{ id: 0, totalMemoryBytes: 8 * 1024 ** 3, freeMemoryBytes: 5 * 1024 ** 3, cpuIds: [0] }],
  disks: [
    {
      device: '/dev/sda',
      model: 'FAKE',
      serial: 'F1',
      sizeBytes: 1024 ** 4,
      smartAvailable: false,
      smartHealthy: false,
      temperatureCelsius: 31,
      powerOnHours: null,
    },
  ],
  nics: [
    {
      name: 'eth0',
      mac: '52:54:00:00:00:01',
      isUp: true,
      speedMbps: 1000,
      duplex: 'full',
      ipv4: ['192.0.2.1'],
      ipv6: ['2001:db8::1'],
      driver: 'e1000',
      rxBytes: 7,
      txBytes: 8,
    },
  ],
};

/** A packer leaves its image behind. */
function writeOutput(argv: string[]): void {
  const output = argv[argv.indexOf('-output') + 1];
  if (argv.includes('-output') && output !== undefined) writeFileSync(output, argv.join(' '));
}
