import { bytesPerMib, toRfc3339 } from '@mvirt/domain/units';
import type { FollowedEvent, VmDocument } from '../../schema/index.ts';
import { type EnumValue, type Int64, int64ToNumber, type Vm, type VmEvent, VmEventType, VmState } from '../../wire/index.ts';

const states: ReadonlyMap<EnumValue, VmDocument['state']> = new Map([
  [VmState.STOPPED, 'stopped'],
  [VmState.STARTING, 'starting'],
  [VmState.RUNNING, 'running'],
  [VmState.STOPPING, 'stopping'],
]);

const eventTypes: ReadonlyMap<EnumValue, FollowedEvent['type']> = new Map([
  [VmEventType.CREATED, 'created'],
  [VmEventType.STARTED, 'started'],
  [VmEventType.STOPPED, 'stopped'],
  [VmEventType.DELETED, 'deleted'],
]);

/** A VM of the contract as commands show it: null is what the contract has no word for, or a later release's one. */
export function toVmDocument({ id, name, state, config, created_at, started_at }: Vm): VmDocument {
  return {
    id,
    name: name || null,
    state: states.get(state) ?? null,
    responsive: null,
    keepRunning: null,
    vcpus: config?.vcpus ?? 0,
    memoryBytes: Math.min(int64ToNumber(config?.memory_mb ?? '0') * bytesPerMib, Number.MAX_SAFE_INTEGER),
    maxVcpus: null,
    maxMemoryBytes: null,
    hypervisor: null,
    pid: null,
    createdAt: toTime(created_at),
    startedAt: started_at === undefined ? null : toTime(started_at),
    lastExit: null,
    kernel: config?.kernel || null,
    initramfs: config?.initramfs || null,
    cmdline: config?.cmdline || null,
    firmware: null,
    disks: (config?.disks ?? []).map(({ path, readonly }) => ({ path, readonly, format: null })),
    image: null,
    imageUser: null,
    ownDisk: null,
    nics: (config?.nics ?? []).map(({ mac, tap }) => ({ mac: mac || null, tap: tap || null, network: null, kept: null, addresses: null })),
    labels: null,
    restart: null,
    nextStartAt: null,
    restartAttempts: null,
    autostart: null,
    autostartOrder: null,
    autostartDelaySeconds: null,
    pending: null,
    unavailable: null,
  };
}

export function toFollowedEvent({ vm_id, type, timestamp, vm }: VmEvent): FollowedEvent {
  return { seq: null, at: toTime(timestamp), vmId: vm_id, vmName: vm?.name || null, type: eventTypes.get(type) ?? null, message: null, detail: null };
}

const lastSecond = Date.parse('9999-12-31T23:59:59Z') / 1000;

/** Unix seconds; what no calendar has becomes its nearest end. */
const toTime = (seconds: Int64): string => toRfc3339(Math.min(Math.max(int64ToNumber(seconds), 0), lastSecond) * 1000);
