import type { Vm } from '@mvirt/api/schema';
import { shortBytes } from './format.ts';
import { type Span, span, type Tone } from './span.ts';
import { fit, plainText } from './text.ts';

export type VmLook = { symbol: string; word: string; tone: Tone };

const abnormalEnds: ReadonlySet<string> = new Set(['guest-panic', 'vmm-exit', 'vmm-signal', 'out-of-memory', 'start-failed', 'host-reboot', 'not-observable']);

/** A VM's state as symbol, word and colour, so that none has to be told by colour alone. */
export function vmLook(vm: Vm): VmLook {
  if (vm.state !== 'stopped' && !vm.responsive) return { symbol: '!', word: 'silent', tone: 'bad' };
  switch (vm.state) {
    case 'running':
      return { symbol: '●', word: 'running', tone: 'good' };
    case 'starting':
      return { symbol: '◐', word: 'starting', tone: 'busy' };
    case 'stopping':
      return { symbol: '◑', word: 'stopping', tone: 'busy' };
    case 'paused':
      return { symbol: '‖', word: 'paused', tone: 'warning' };
    case 'stopped':
      return vm.lastExit !== null && abnormalEnds.has(vm.lastExit.cause)
        ? { symbol: '×', word: 'failed', tone: 'bad' }
        : { symbol: '○', word: 'stopped', tone: 'dim' };
  }
}

/** What a VM is called on screen: its name, or the beginning of its id. */
export const vmLabel = (vm: Pick<Vm, 'id' | 'name'>): string => plainText(vm.name ?? vm.id.slice(0, 12)) || vm.id.slice(0, 12);

const wordCells = 8;
const columns = { cpu: 5, vcpus: 3, memory: 6, ip: 16 };

/** Which columns a list of that width shows; the name gets the rest. */
export function vmColumns(width: number): { name: number; word: boolean; cpu: boolean; vcpus: boolean; memory: boolean; ip: boolean } {
  let name = width - 2;
  const take = (cells: number, keepForName: number): boolean => {
    if (name - cells < keepForName) return false;
    name -= cells;
    return true;
  };
  const word = take(wordCells + 1, 6);
  const cpu = take(columns.cpu, 8);
  const memory = take(columns.memory, 12);
  const vcpus = take(columns.vcpus, 12);
  const ip = take(columns.ip, 14);
  return { name: Math.max(1, name), word, cpu, vcpus, memory, ip };
}

/** One row of the list, exactly `width` cells. */
export function vmRow(vm: Vm, options: { width: number; cpuPercent: number | null; selected: boolean; focused: boolean }): Span[] {
  const { width } = options;
  const look = vmLook(vm);
  const show = vmColumns(width);
  const cpu = options.cpuPercent === null ? '–' : `${Math.round(options.cpuPercent)}%`;
  const cells: Span[] = [span(`${look.symbol} `, look.tone), span(fit(vmLabel(vm), show.name), vm.state === 'stopped' ? 'dim' : 'plain')];
  if (show.word) cells.push(span(` ${fit(look.word, wordCells)}`, look.tone));
  if (show.vcpus) cells.push(span(fit(String(vm.vcpus), columns.vcpus, 'right')));
  if (show.memory) cells.push(span(fit(shortBytes(vm.memoryBytes), columns.memory, 'right')));
  if (show.cpu) cells.push(span(fit(cpu, columns.cpu, 'right')));
  if (show.ip) cells.push(span(` ${fit(addressOf(vm), columns.ip - 1)}`, 'dim'));
  if (!options.selected) return cells;
  const tone: Tone = options.focused ? 'selected' : 'selectedIdle';
  return cells.map((cell) => span(cell.text, tone));
}

const addressOf = (vm: Vm): string => plainText(vm.nics.flatMap((nic) => nic.addresses)[0] ?? '');
