import type { VmDocument } from '@mvirt/api/schema';
import type { Paint } from './colour.ts';
import { stateColour } from './colour.ts';
import { printable, table } from './table.ts';

export const shortId = (id: string): string => printable(id.slice(0, 8));
export const nameOf = (vm: { id: string; name: string | null }): string => printable(vm.name ?? shortId(vm.id));

/** 512M, 1.5G. */
export function size(bytes: number): string {
  const mib = bytes / 1_048_576;
  return mib < 1024 ? `${Math.round(mib)}M` : `${Number((mib / 1024).toFixed(1))}G`;
}

/** How long, in its two largest units: 3d 4h, 5m 2s. */
export function age(fromMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - fromMs) / 1000));
  const [d, h, m, s] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60];
  if (d > 0) return `${d}d ${h}h`;
  if (h > 0) return `${h}h ${m}m`;
  return m > 0 ? `${m}m ${s}s` : `${s}s`;
}

export function stateText({ state, responsive, nextStartAt }: Pick<VmDocument, 'state' | 'responsive' | 'nextStartAt'>): string {
  if (responsive === false) return `${stateWord(state)}, not responding`;
  return nextStartAt === null ? stateWord(state) : `${stateWord(state)}, restarting`;
}
/** A server of a later release may know states that we do not. */
export const stateWord = (state: VmDocument['state']): string => state ?? '-';
const paintState = ({ state }: VmDocument, paint: Paint, text: string): string => (state === null ? text : paint(stateColour[state], text));
const isUp = ({ state }: VmDocument): boolean => state !== null && state !== 'stopped' && state !== 'starting';

/** One line a VM. */
export function vmTable(vms: readonly VmDocument[], paint: Paint, nowMs: number): string {
  const rows = vms.map((vm) => [
    { text: nameOf(vm) },
    { text: shortId(vm.id) },
    { text: stateText(vm), paint: (text: string) => paintState(vm, paint, text) },
    { text: `${vm.vcpus}`, right: true },
    { text: size(vm.memoryBytes), right: true },
    { text: vm.hypervisor ?? '-' },
    { text: isUp(vm) && vm.startedAt ? age(Date.parse(vm.startedAt), nowMs) : '-' },
    { text: printable(vm.nics.flatMap((nic) => nic.addresses ?? [])[0] ?? '-') },
  ]);
  return table(['NAME', 'ID', 'STATE', 'VCPUS', 'MEMORY', 'HYPERVISOR', 'UP', 'ADDRESS'], rows);
}

function nextStart({ nextStartAt, restartAttempts }: VmDocument, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((Date.parse(nextStartAt ?? '') - nowMs) / 1000));
  return `in ${seconds} s${restartAttempts ? ` (restart ${restartAttempts} in a row)` : ''}`;
}

const autostart = ({ autostartOrder, autostartDelaySeconds }: VmDocument): string =>
  `at each boot of the host, order ${autostartOrder}${autostartDelaySeconds ? `, then a pause of ${autostartDelaySeconds} s` : ''}`;

/** What a VM has, and what it may be given while it runs. */
const upTo = (now: string, most: string | undefined): string => (most === undefined ? now : `${now}, up to ${most} while it runs`);

/** Everything of one VM, a field a line. */
export function vmDetails(vm: VmDocument, paint: Paint, nowMs: number): string {
  const lines: [string, string][] = [
    ['name', vm.name === null ? '-' : printable(vm.name)],
    ['id', printable(vm.id)],
    ['state', paintState(vm, paint, stateText(vm))],
    ['vcpus', upTo(`${vm.vcpus}`, vm.maxVcpus?.toString())],
    ['memory', upTo(size(vm.memoryBytes), vm.maxMemoryBytes === null ? undefined : size(vm.maxMemoryBytes))],
  ];
  // A server that cannot even say whether the VM responds has no word about its hypervisor either.
  if (vm.responsive !== null) lines.push(['hypervisor', vm.hypervisor ?? 'none usable on this host']);
  lines.push(['created', vm.createdAt]);
  if (vm.pid !== null) lines.push(['pid', `${vm.pid}`]);
  if (vm.startedAt !== null) lines.push(['started', isUp(vm) ? `${vm.startedAt} (up ${age(Date.parse(vm.startedAt), nowMs)})` : vm.startedAt]);
  if (vm.lastExit !== null) lines.push(['last exit', `${vm.lastExit.at} ${vm.lastExit.cause}: ${printable(vm.lastExit.detail)}`]);
  if (vm.lastExit?.hint) lines.push(['', `hint: ${printable(vm.lastExit.hint)}`]);
  if (vm.nextStartAt !== null) lines.push(['next start', nextStart(vm, nowMs)]);
  if (vm.restart !== null && vm.restart !== 'never') lines.push(['restart', vm.restart]);
  if (vm.autostart) lines.push(['autostart', autostart(vm)]);
  for (const field of ['kernel', 'initramfs', 'cmdline', 'firmware'] as const) if (vm[field] !== null) lines.push([field, printable(vm[field])]);
  if (vm.image !== null) lines.push(['image', printable(vm.image) + (vm.imageUser === null ? '' : ` (user ${printable(vm.imageUser)})`)]);
  for (const disk of vm.disks) lines.push(['disk', diskText(disk, vm.ownDisk)]);
  if (vm.ownDisk !== null && !vm.disks.some(({ path }) => path === vm.ownDisk)) lines.push(['own disk', `${printable(vm.ownDisk)} (detached)`]);
  for (const nic of vm.nics)
    lines.push([
      'nic',
      [nic.mac, nic.tap && `tap ${nic.tap}`, nic.network && `on ${nic.network}`, ...addressWords(nic)].filter(Boolean).map(String).map(printable).join(', '),
    ]);
  for (const [key, value] of Object.entries(vm.labels ?? {})) lines.push(['label', printable(`${key}=${value}`)]);
  for (const [field, value] of Object.entries(vm.pending ?? {}))
    lines.push(['pending', printable(`${field} becomes ${typeof value === 'string' ? value : JSON.stringify(value)} at the next start`)]);
  const widest = Math.max(...lines.map(([key]) => key.length));
  return `${lines.map(([key, value]) => `${key.padEnd(widest)}  ${value}`.trimEnd()).join('\n')}\n`;
}

function diskText({ path, format, readonly }: VmDocument['disks'][number], ownDisk: string | null): string {
  const words = [format, readonly ? 'read-only' : null, path === ownDisk ? 'its own' : null].filter((word) => word !== null).join(', ');
  return printable(path) + (words === '' ? '' : ` (${words})`);
}

/** What it has; else what it will get. */
function addressWords({ kept, addresses }: VmDocument['nics'][number]): string[] {
  if (addresses !== null && addresses.length > 0) return addresses;
  return kept === null || kept.length === 0 ? [] : [`keeps ${kept.join(' and ')}`];
}
