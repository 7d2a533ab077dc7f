import { closeSync, constants, openSync } from 'node:fs';
import { availableParallelism, hostname, loadavg, release, totalmem, uptime } from 'node:os';
import type { HostSystem } from '../system.ts';
import { capability, effectiveCapabilities } from './capabilities.ts';
import { readProc, readProcStat } from './proc.ts';
import { ticksPerSecond } from './proc-stat.ts';

export function createHostSystem(): HostSystem {
  return {
    figures() {
      const [one = 0, five = 0, fifteen = 0] = loadavg();
      return {
        hostname: hostname(),
        kernelVersion: release(),
        uptimeSeconds: Math.floor(uptime()),
        cpus: availableParallelism(),
        memoryBytes: totalmem(),
        availableMemoryBytes: kibField(readProc('meminfo'), 'MemAvailable') ?? 0,
        load: [one, five, fifteen],
      };
    },
    usage(pid) {
      const stat = readProcStat(pid);
      const rssBytes = kibField(readProc(`${pid}/status`), 'VmRSS');
      if (stat === null || rssBytes === null) return null;
      return { cpuMs: (stat.cpuTicks * 1000) / ticksPerSecond, rssBytes };
    },
    rights() {
      return {
        uid: process.geteuid?.() ?? 0,
        netAdmin: effectiveCapabilities().has(capability.netAdmin),
        tun: opens('/dev/net/tun'),
        kvm: opens('/dev/kvm'),
      };
    },
  };
}

/** Bytes of a line such as `VmRSS:     123 kB`. */
function kibField(text: string | null, name: string): number | null {
  const kib = text?.match(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm'))?.[1];
  return kib === undefined ? null : Number(kib) * 1024;
}

function opens(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
    return true;
  } catch {
    return false; // missing or refused: that is the answer
  }
}
