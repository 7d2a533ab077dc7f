import { readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { bytesPerMib, MvirtError, type VmId } from '@mvirt/domain';
import type { EngineContext } from './context.ts';
import { within } from './deadline.ts';
import type { Reachable } from './reachable.ts';
import type { HostService, VmUsage } from './services.ts';
import { createUsageChanges } from './usage-changes.ts';

const sampleMs = 1_000;
const maxEntries = 1_000;
const trialMs = 120_000;
const late = () => new MvirtError({ code: 'TIMEOUT', message: `the hypervisors' trials are not done after ${trialMs / 1000} s` });

export function createHostService({ store, host, clock, drivers, reachable }: EngineContext): HostService {
  const sampler = createUsageSampler({ store, host, clock });
  const info = () => {
    const vms = store.vms.list();
    const running = vms.filter((vm) => vm.condition.observed !== 'stopped');
    return {
      figures: host.system.figures(),
      allocatedCpus: sum(running.map((vm) => vm.spec.vcpus)),
      allocatedMemoryBytes: sum(running.map((vm) => vm.spec.memoryMib)) * bytesPerMib,
      running: running.length,
      vms: vms.length,
    };
  };
  return {
    info,
    async systemInfo() {
      const hardware = await host.hardware.read();
      const { figures, allocatedCpus, allocatedMemoryBytes } = info();
      const { hostname, kernelVersion, uptimeSeconds } = figures;
      const [load1, load5, load15] = figures.load;
      return {
        ...hardware,
        totalCpus: figures.cpus,
        totalMemoryMib: Math.floor(figures.memoryBytes / bytesPerMib),
        allocatedCpus,
        allocatedMemoryMib: allocatedMemoryBytes / bytesPerMib,
        load1,
        load5,
        load15,
        host: { hostname, kernelVersion, uptimeSeconds },
      };
    },
    usage: sampler,
    hypervisors: ({ signal }) => within(drivers.reports(), { clock, signal, timeoutMs: trialMs, late }),
    async listFolder(path) {
      await reachable.look([path]);
      return listFolder(path, reachable);
    },
  };
}

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);

type Sample = { pid: number; cpuMs: number };

/** Figures of the running VMs; taken at most once a second, whoever asks. */
function createUsageSampler({ store, host, clock }: Pick<EngineContext, 'store' | 'host' | 'clock'>): HostService['usage'] {
  let takenAtMs = Number.NEGATIVE_INFINITY;
  let samples = new Map<VmId, Sample>();
  const changes = createUsageChanges();
  return ({ since }) => {
    const elapsedMs = clock.nowMs() - takenAtMs;
    // A clock that was set back must not end the sampling.
    if (elapsedMs >= 0 && elapsedMs < sampleMs) return changes.since(since);
    const next = new Map<VmId, Sample>();
    const figures: VmUsage[] = [];
    for (const { id, run } of store.vms.list()) {
      const pid = run?.live ? (run.process?.pid ?? null) : null;
      const usage = pid === null ? null : host.system.usage(pid);
      if (pid === null || usage === null) continue;
      const before = samples.get(id);
      const comparable = before?.pid === pid && elapsedMs > 0 && Number.isFinite(elapsedMs);
      figures.push({ id, cpuPercent: comparable ? Math.max(0, ((usage.cpuMs - before.cpuMs) / elapsedMs) * 100) : null, rssBytes: usage.rssBytes });
      next.set(id, { pid, cpuMs: usage.cpuMs });
    }
    samples = next;
    takenAtMs = clock.nowMs();
    changes.take(figures, takenAtMs);
    return changes.since(since);
  };
}

type Entry = Awaited<ReturnType<HostService['listFolder']>>[number];

function listFolder(path: string, { distant }: Reachable): Entry[] {
  const names = readNames(path).sort().slice(0, maxEntries);
  const far = distant(names.map((name) => join(path, name)));
  // Another filesystem is a folder, and is not waited for to say so.
  const entries = names.flatMap((name): Entry[] => (far.has(join(path, name)) ? [{ name, kind: 'folder', sizeBytes: 0 }] : entryOf(path, name)));
  return entries.sort((a, b) => (a.kind === b.kind ? 0 : a.kind === 'folder' ? -1 : 1));
}

/** Links are followed. What is neither a folder nor a file or disk (a socket, a FIFO) is left out, and so is what cannot be read. */
function entryOf(folder: string, name: string): Entry[] {
  let stat: Stats | undefined;
  try {
    stat = statSync(join(folder, name), { throwIfNoEntry: false });
  } catch {
    return []; // a link in a circle, or a folder that may not be entered
  }
  if (stat?.isDirectory()) return [{ name, kind: 'folder', sizeBytes: 0 }];
  if (stat?.isFile() || stat?.isBlockDevice()) return [{ name, kind: 'file', sizeBytes: stat.size }];
  return [];
}

function readNames(path: string): string[] {
  try {
    return readdirSync(path);
  } catch (thrown) {
    const denied = thrown instanceof Error && 'code' in thrown && (thrown.code === 'EACCES' || thrown.code === 'EPERM');
    if (denied) throw new MvirtError({ code: 'DENIED', message: `folder ${path} may not be read by the agent`, cause: thrown });
    throw new MvirtError({ code: 'FILE_NOT_FOUND', message: `${path} is no folder on the agent's host`, cause: thrown });
  }
}
