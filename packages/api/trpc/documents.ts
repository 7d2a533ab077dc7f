import { bytesPerMib, type LifecycleEvent, toRfc3339, type VmSpec } from '@mvirt/domain';
import type {
  ActionResult,
  DeleteResult,
  DrainOutcome,
  HostService,
  HypervisorReport,
  ImageSnapshot,
  LogLine,
  NetworkSnapshot,
  UsageReading,
  VmChangeNotice,
  VmSnapshot,
} from '@mvirt/engine';
import type {
  ActionAnswer,
  CreatedAnswer,
  DeleteAnswer,
  DrainAnswer,
  EventDocument,
  HostDocument,
  HypervisorDocument,
  ImageDocument,
  LogLineDocument,
  NetworkDocument,
  SetAnswer,
  UsageReadingDocument,
  Vm,
} from '../schema/index.ts';

/** What the engine says, as clients read it. Pure; the one place where a snapshot becomes a document. */
export function toVm(vm: VmSnapshot): Vm {
  const { spec, condition } = vm;
  return {
    id: vm.id,
    name: vm.name,
    state: condition.observed,
    responsive: condition.responsive,
    keepRunning: condition.wanted === 'running',
    vcpus: spec.vcpus,
    memoryBytes: spec.memoryMib * bytesPerMib,
    ...most(spec),
    hypervisor: vm.hypervisor,
    pid: vm.pid,
    createdAt: toRfc3339(vm.createdAtMs),
    startedAt: time(vm.startedAtMs),
    lastExit: lastExit(vm),
    kernel: spec.kernel,
    initramfs: spec.initramfs,
    cmdline: spec.cmdline,
    firmware: spec.firmware,
    disks: spec.disks.map(({ path, readonly, format }) => ({ path, readonly, format })),
    image: spec.ownDisk?.image ?? null,
    imageUser: spec.ownDisk?.user ?? null,
    ownDisk: spec.ownDisk?.path ?? null,
    nics: vm.nics,
    labels: spec.labels,
    restart: spec.restart,
    nextStartAt: time(condition.restart?.dueAtMs ?? null),
    restartAttempts: condition.restart?.attempts ?? 0,
    autostart: spec.autostart !== null,
    autostartOrder: spec.autostart?.order ?? null,
    autostartDelaySeconds: spec.autostart === null ? null : spec.autostart.delayMs / 1000,
    pending: pending(spec, vm.pendingSpec),
    unavailable: unavailable(vm),
  };
}

export const toCreated = ({ vm, warnings }: { vm: VmSnapshot; warnings: string[] }): CreatedAnswer => ({ vm: toVm(vm), warnings });

export const toDrained = ({ vm, error }: DrainOutcome): DrainAnswer => ({
  vm: toVm(vm),
  error: error === null ? null : { code: error.code, message: error.message, hint: error.hint },
});

export const toSet = ({ vm, warnings, note }: { vm: VmSnapshot; warnings: string[]; note: string | null }): SetAnswer => ({ vm: toVm(vm), warnings, note });

export const toAction = ({ vm, changed, note }: ActionResult): ActionAnswer => ({ vm: toVm(vm), changed, note });

export const toDeleted = ({ disks, ...action }: DeleteResult): DeleteAnswer => ({ ...toAction(action), disks });

export type VmNotice = { kind: 'snapshot'; vms: Vm[] } | { kind: 'changed'; vm: Vm } | { kind: 'removed'; id: string };

export function toNotice(notice: VmChangeNotice): VmNotice {
  if (notice.kind === 'snapshot') return { kind: 'snapshot', vms: notice.vms.map(toVm) };
  if (notice.kind === 'changed') return { kind: 'changed', vm: toVm(notice.vm) };
  return { kind: 'removed', id: notice.id };
}

export function toEvent({ atMs, ...event }: LifecycleEvent): EventDocument {
  return { ...event, at: toRfc3339(atMs) };
}

export function toLogLine({ atMs, ...line }: LogLine): LogLineDocument {
  return { ...line, at: time(atMs) };
}

export function toHost({ figures, ...counts }: ReturnType<HostService['info']>): HostDocument {
  return { ...figures, ...counts };
}

export const toUsageReading = ({ reading, whole, figures }: UsageReading): UsageReadingDocument => ({
  reading,
  whole,
  figures: figures.map(({ id, cpuPercent, rssBytes }) => ({ id, cpuPercent, rssBytes })),
});

export const toHypervisor = (report: HypervisorReport): HypervisorDocument => ({ ...report });

export function toNetwork({ createdAtMs, ...network }: NetworkSnapshot): NetworkDocument {
  return { ...network, createdAt: toRfc3339(createdAtMs) };
}

export function toImage({ createdAtMs, ...image }: ImageSnapshot): ImageDocument {
  return { ...image, createdAt: toRfc3339(createdAtMs) };
}

const time = (atMs: number | null): string | null => (atMs === null ? null : toRfc3339(atMs));

function lastExit({ condition, endedAtMs, createdAtMs }: VmSnapshot): Vm['lastExit'] {
  const { cause } = condition;
  if (cause === null) return null;
  return { at: toRfc3339(endedAtMs ?? createdAtMs), cause: cause.kind, detail: cause.detail, hint: cause.hint };
}

const most = ({ maxVcpus, maxMemoryMib }: VmSpec): Pick<Vm, 'maxVcpus' | 'maxMemoryBytes'> => ({
  maxVcpus,
  maxMemoryBytes: maxMemoryMib === null ? null : maxMemoryMib * bytesPerMib,
});

/** What a spec says, under the document's keys; only these can be pending. */
const changeable = (spec: VmSpec): Record<string, unknown> => ({
  vcpus: spec.vcpus,
  memoryBytes: spec.memoryMib * bytesPerMib,
  ...most(spec),
  kernel: spec.kernel,
  initramfs: spec.initramfs,
  cmdline: spec.cmdline,
  firmware: spec.firmware,
  disks: spec.disks,
  nics: spec.nics,
  userData: spec.userData,
  sshKeys: spec.sshKeys,
  hypervisor: spec.hypervisor,
});

function pending(now: VmSpec, next: VmSpec | null): Vm['pending'] {
  if (next === null) return null;
  const before = changeable(now);
  const changes = Object.entries(changeable(next)).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(before[key]));
  return changes.length === 0 ? null : Object.fromEntries(changes);
}

/** Actions that a capability stands for. Size, disks and NICs of a stopped VM can always be changed. */
function unavailable({ capabilities, condition, spec }: VmSnapshot): Record<string, string> {
  const reasons: Record<string, string> = {};
  const say = (reason: string | null, actions: string[]) => {
    if (reason !== null) for (const action of actions) reasons[action] = reason;
  };
  say(capabilities.pause, ['pause', 'resume']);
  say(capabilities.reboot, ['reboot']);
  say(capabilities.snapshot, ['snapshot']);
  say(capabilities.blockStats, ['block-stats']);
  if (condition.observed === 'stopped') return reasons;
  const mayGrow = spec.maxVcpus !== null || spec.maxMemoryMib !== null;
  say(capabilities.resize ?? (mayGrow ? null : 'it runs without max-vcpus and max-memory'), ['resize']);
  say(capabilities.hotplugDisk, ['attach-disk', 'detach-disk']);
  say(capabilities.hotplugNic, ['attach-nic', 'detach-nic']);
  return reasons;
}
