import type { Vm } from '@mvirt/api/schema';
import { shortBytes } from './format.ts';
import { type Span, span, type Tone } from './span.ts';
import { sparkline } from './sparkline.ts';
import { cellWidth, fit, plainText } from './text.ts';
import type { Sort, SortKey } from './vm-order.ts';

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
      if (vm.nextStartAt !== null) return { symbol: '↻', word: 'restarts', tone: 'busy' };
      return vm.lastExit !== null && abnormalEnds.has(vm.lastExit.cause)
        ? { symbol: '×', word: 'failed', tone: 'bad' }
        : { symbol: '○', word: 'stopped', tone: 'dim' };
  }
}

/** What a VM is called on screen: its name, or the beginning of its id. */
export const vmLabel = (vm: Pick<Vm, 'id' | 'name'>): string => plainText(vm.name ?? vm.id.slice(0, 12)) || vm.id.slice(0, 12);

const signCells = 3;
const cellsNeeded = { word: 9, cpu: 5, graph: 4, memory: 6, vcpus: 4, ip: 16 };
type Column = keyof typeof cellsNeeded;
/** From this width on the graph has more of the past. */
const wide = { from: 56, graph: 10 };

/** The most useful first: that is the order in which columns get their place; on screen they stand as in `onScreen`. */
const byUse: readonly Column[] = ['word', 'cpu', 'memory', 'vcpus', 'graph', 'ip'];
const onScreen: readonly Column[] = ['word', 'vcpus', 'memory', 'cpu', 'graph', 'ip'];
/** A name keeps as many cells as the longest one needs, up to this. */
const nameKeeps = { narrow: 8, wide: 14 };

export type Columns = { name: number; shown: readonly Column[]; cells: Readonly<Record<Column, number>> };

/** Which columns a list of that width shows; the name gets the rest. longestName: in cells, of the VMs that are there. */
export function vmColumns(width: number, longestName: number): Columns {
  let name = width - signCells;
  const cells = { ...cellsNeeded, graph: width >= wide.from ? wide.graph : cellsNeeded.graph };
  const shown = byUse.filter((column) => {
    const keeps = Math.min(longestName, column === 'word' || column === 'cpu' ? nameKeeps.narrow : nameKeeps.wide);
    if (name - cells[column] < Math.max(6, keeps)) return false;
    name -= cells[column];
    return true;
  });
  return { name: Math.max(1, name), shown: onScreen.filter((column) => shown.includes(column)), cells };
}

const titles: Record<Column, { text: string; sort: SortKey | null }> = {
  word: { text: 'STATE', sort: 'state' },
  vcpus: { text: 'CPU', sort: null },
  memory: { text: 'MEM', sort: 'memory' },
  cpu: { text: 'CPU%', sort: 'cpu' },
  graph: { text: '', sort: null },
  ip: { text: 'IP', sort: null },
};
const leftAligned: ReadonlySet<Column> = new Set(['word', 'graph', 'ip']);

/** The columns' names; an arrow shows which one orders the list, and which way. */
export function vmTitles(columns: Columns, sort: Sort): Span[] {
  const down = sort.key === 'name' || sort.key === 'state' ? sort.reversed : !sort.reversed;
  const arrow = down ? '↓' : '↑';
  const name = sort.key === 'name' ? `NAME${arrow}` : sort.key === 'created' ? `NAME (created${arrow})` : 'NAME';
  const spans = [span(fit(`${' '.repeat(signCells)}${name}`, signCells + columns.name), 'dim')];
  for (const column of columns.shown) {
    const { text, sort: key } = titles[column];
    spans.push(span(columnText(columns, column, key === sort.key && key !== null ? `${text}${arrow}` : text), 'dim'));
  }
  return spans;
}

/** Which order a click on the titles asks for; null: none. */
export function sortAt(columns: Columns, x: number): SortKey | null {
  let left = signCells + columns.name;
  if (x < left) return 'name';
  for (const column of columns.shown) {
    left += columns.cells[column];
    if (x < left) return titles[column].sort;
  }
  return null;
}

const columnText = ({ cells }: Columns, column: Column, text: string): string =>
  leftAligned.has(column) ? ` ${fit(text, cells[column] - 1)}` : fit(text, cells[column], 'right');

/** One row of the list, exactly as wide as its columns. history: CPU percents, the newest last; [] where it is off. */
export function vmRow(vm: Vm, options: { columns: Columns; history: readonly number[]; selected: boolean; marked: boolean; focused: boolean }): Span[] {
  const { columns, history, marked } = options;
  const look = vmLook(vm);
  const off = vm.state === 'stopped';
  const cpu = history.at(-1);
  const parts: Record<Column, () => [text: string, tone: Tone]> = {
    word: () => [look.word, look.tone],
    vcpus: () => [String(vm.vcpus), 'plain'],
    memory: () => [shortBytes(vm.memoryBytes), 'plain'],
    cpu: () => [off || cpu === undefined ? '–' : `${Math.round(cpu)}%`, off ? 'dim' : 'plain'],
    graph: () => [off ? '' : sparkline(history, columns.cells.graph - 1, vm.vcpus * 100), 'accent'],
    ip: () => [addressOf(vm), 'plain'],
  };
  const row: Span[] = [
    span(marked ? '✓' : ' ', 'key'),
    span(`${look.symbol} `, look.tone),
    span(fit(vmLabel(vm), columns.name), marked ? 'key' : off ? 'dim' : 'plain'),
  ];
  for (const column of columns.shown) {
    const [text, tone] = parts[column]();
    row.push(span(columnText(columns, column, text), tone));
  }
  if (!options.selected) return row;
  const tone: Tone = options.focused ? 'selected' : 'selectedIdle';
  return row.map((each) => span(each.text, tone));
}

const addressOf = (vm: Vm): string => plainText(vm.nics.flatMap((nic) => nic.addresses)[0] ?? '');

const labelCells = new WeakMap<Vm, number>();

/** How many cells the longest name takes; each VM's is counted once. */
export function longestName(vms: readonly Vm[]): number {
  let longest = 0;
  for (const vm of vms) {
    let own = labelCells.get(vm);
    if (own === undefined) {
      own = cellWidth(vmLabel(vm));
      labelCells.set(vm, own);
    }
    if (own > longest) longest = own;
  }
  return longest;
}
