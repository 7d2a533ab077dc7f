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

/** The most useful first: that is the order in which columns get their place; on screen they stand as in `onScreen`. */
const byUse: readonly Column[] = ['word', 'cpu', 'memory', 'vcpus', 'graph', 'ip'];
const onScreen: readonly Column[] = ['word', 'vcpus', 'memory', 'cpu', 'graph', 'ip'];
/** A name keeps as many cells as the longest one needs, up to this. */
const nameKeeps = { narrow: 8, wide: 14 };
/** What the graph gets of the room that is left. */
const widerGraph = 8;

/** rest: cells that nothing needs, at the right. */
export type Columns = { name: number; shown: readonly Column[]; cells: Readonly<Record<Column, number>>; rest: number };

/** longestName: in cells. addresses: whether any VM has one. */
export type ListNeeds = { longestName: number; addresses: boolean };

/** Which columns a list of that width shows; the name gets what it needs of the rest. */
export function vmColumns(width: number, { longestName, addresses }: ListNeeds): Columns {
  let left = width - signCells;
  const shown = byUse.filter((column) => {
    if (column === 'ip' && !addresses) return false;
    const keeps = Math.min(longestName, column === 'word' || column === 'cpu' ? nameKeeps.narrow : nameKeeps.wide);
    if (left - cellsNeeded[column] < Math.max(6, keeps)) return false;
    left -= cellsNeeded[column];
    return true;
  });
  const name = Math.max(1, Math.min(left, Math.max(longestName, nameKeeps.wide)));
  const wider = shown.includes('graph') ? Math.max(0, Math.min(widerGraph, left - name)) : 0;
  const cells = { ...cellsNeeded, graph: cellsNeeded.graph + wider };
  return { name, shown: onScreen.filter((column) => shown.includes(column)), cells, rest: Math.max(0, left - name - wider) };
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
  return [...spans, span(' '.repeat(columns.rest))];
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
  row.push(span(' '.repeat(columns.rest)));
  if (!options.selected) return row;
  const tone: Tone = options.focused ? 'selected' : 'selectedIdle';
  return row.map((each) => span(each.text, tone));
}

/** The first IPv4 address, else the first. */
function addressOf(vm: Vm): string {
  const all = vm.nics.flatMap((nic) => nic.addresses);
  return plainText(all.find((address) => address.includes('.')) ?? all[0] ?? '');
}

const labelCells = new WeakMap<Vm, number>();

/** What the columns have to have room for; each VM's name is counted once. */
export function listNeeds(vms: readonly Vm[]): ListNeeds {
  let longest = 0;
  let addresses = false;
  for (const vm of vms) {
    addresses ||= vm.nics.some((nic) => nic.addresses.length > 0);
    let own = labelCells.get(vm);
    if (own === undefined) {
      own = cellWidth(vmLabel(vm));
      labelCells.set(vm, own);
    }
    if (own > longest) longest = own;
  }
  return { longestName: longest, addresses };
}
