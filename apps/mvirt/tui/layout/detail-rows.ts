import type { Vm } from '@mvirt/api/schema';
import type { Part } from '../keymap/command.ts';
import { shortBytes } from './format.ts';
import type { Tone } from './span.ts';
import { plainText, wrap } from './text.ts';
import { vmLook } from './vm-row.ts';

/** One row: label '' goes on with the value above. part: what could be taken away there. */
export type DetailRow = { label: string; value: string; tone: Tone; part: Part | null };

export const detailLabelCells = 13;

/** Everything of one VM, in rows for values of `width` cells. */
export function detailRows(vm: Vm, width: number): DetailRow[] {
  const rows: DetailRow[] = [];
  const add = (label: string, value: string, tone: Tone = 'plain', part: Part | null = null): void => {
    for (const [at, text] of wrap(plainText(value), Math.max(10, width)).entries()) rows.push({ label: at === 0 ? label : '', value: text, tone, part });
  };
  const look = vmLook(vm);
  add('name', vm.name ?? '–');
  add('id', vm.id);
  add('state', `${look.symbol} ${vm.state}${vm.responsive ? '' : ', not responding'}${vm.pid === null ? '' : `, pid ${vm.pid}`}`, look.tone);
  add('wanted', vm.keepRunning ? 'running' : 'stopped');
  const atMost = (most: string | null): string => (most === null ? '' : `, at most ${most} without a restart`);
  add('vCPUs', `${vm.vcpus}${atMost(vm.maxVcpus === null ? null : String(vm.maxVcpus))}`);
  add('memory', `${shortBytes(vm.memoryBytes)}${atMost(vm.maxMemoryBytes === null ? null : shortBytes(vm.maxMemoryBytes))}`);
  add('hypervisor', vm.hypervisor ?? 'none usable on this host', vm.hypervisor === null ? 'bad' : 'plain');
  for (const [field, value] of Object.entries(vm.pending ?? {}))
    add('pending', `${field} becomes ${typeof value === 'string' ? value : JSON.stringify(value)} at the next start`, 'warning');
  if (vm.lastExit !== null) {
    add('last exit', `${vm.lastExit.at}  ${vm.lastExit.cause}: ${vm.lastExit.detail}`, look.word === 'failed' ? 'bad' : 'plain');
    if (vm.lastExit.hint) add('hint', vm.lastExit.hint, 'accent');
  }
  for (const field of ['kernel', 'initramfs', 'cmdline', 'firmware'] as const) {
    const value = vm[field];
    if (value !== null) add(field, value);
  }
  for (const disk of vm.disks) add('disk', `${disk.path}  ${disk.format}${disk.readonly ? ', read-only' : ''}`, 'plain', { kind: 'disk', path: disk.path });
  for (const nic of vm.nics) {
    const words = [nic.mac, nic.tap && `tap ${nic.tap}`, nic.network && `on ${nic.network}`, ...nic.addresses];
    add('NIC', words.filter(Boolean).join('  '), 'plain', { kind: 'nic', mac: nic.mac });
  }
  for (const [key, value] of Object.entries(vm.labels)) add('label', `${key}=${value}`);
  if (vm.nextStartAt !== null) add('next start', `${vm.nextStartAt}${vm.restartAttempts > 0 ? `, restart ${vm.restartAttempts} in a row` : ''}`, 'busy');
  add('restart', vm.restart);
  if (vm.autostart)
    add(
      'autostart',
      `at each boot of the host, order ${vm.autostartOrder}${vm.autostartDelaySeconds ? `, then a pause of ${vm.autostartDelaySeconds} s` : ''}`,
    );
  add('created', vm.createdAt);
  if (vm.startedAt !== null) add('started', vm.startedAt);
  return rows;
}
