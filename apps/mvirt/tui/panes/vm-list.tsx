import { createEffect, createMemo, Index, Show } from 'solid-js';
import { insideOf, type Rect, type ScreenLayout } from '../layout/screen-layout.ts';
import { fitSpans, span } from '../layout/span.ts';
import { plainText, wrap } from '../layout/text.ts';
import { sortAt, vmColumns, vmRow, vmTitles } from '../layout/vm-row.ts';
import { windowTop } from '../layout/window.ts';
import type { Ui } from '../stores/ui.ts';
import type { Theme } from '../theme/theme.ts';
import { Frame } from './frame.tsx';
import { Line } from './line.tsx';

const wheelRows = 3;
/** Lower than this, the titles would take the place of VMs. */
const titlesFrom = 6;

/** The VMs; only the rows that are seen exist. */
export function VmList(props: { ui: Ui; rect: Rect; borders: ScreenLayout['borders']; theme: Theme }) {
  const { vms } = props.ui;
  const inside = createMemo(() => insideOf(props.rect, props.borders));
  const titleRows = () => (inside().height >= titlesFrom ? 1 : 0);
  const room = createMemo(() => inside().height - titleRows());
  createEffect(() => vms.setRows(room()));
  const top = createMemo<number>((before) => windowTop({ top: before, index: vms.index(), rows: room(), total: vms.shown().length }), 0);
  const rows = createMemo(() => vms.shown().slice(top(), top() + room()));
  const columns = createMemo(() => vmColumns(inside().width, vms.needs()));
  const focused = () => props.ui.focus() === 'list';

  function click(x: number, y: number): void {
    props.ui.setFocus('list');
    const row = y - titleRows();
    if (row >= 0 && row < rows().length) vms.selectAt(top() + row);
    const key = row === -1 ? sortAt(columns(), x) : null;
    if (key !== null) vms.sortBy({ key, reversed: vms.sort().key === key && !vms.sort().reversed });
  }

  return (
    <Frame
      rect={props.rect}
      borders={props.borders}
      title="VMs"
      notes={notesOf(props.ui)}
      focused={focused()}
      theme={props.theme}
      onMouseDown={click}
      onWheel={(direction) => vms.move('line', direction, wheelRows)}
    >
      <Show when={titleRows() > 0 && rows().length > 0}>
        <Line width={inside().width} theme={props.theme} spans={vmTitles(columns(), vms.sort())} />
      </Show>
      <Index each={rows()}>
        {(vm, row) => (
          <Line
            top={row + titleRows()}
            width={inside().width}
            theme={props.theme}
            stale={!props.ui.connected()}
            spans={vmRow(vm(), {
              columns: columns(),
              history: vms.history(vm().id),
              selected: vm().id === vms.selected()?.id,
              marked: vms.marks.has(vm().id),
              focused: focused(),
            })}
          />
        )}
      </Index>
      <Show when={rows().length === 0}>
        <Index each={emptyLines(props.ui, inside().width)}>
          {(text, row) => <Line top={row} width={inside().width} theme={props.theme} spans={fitSpans([span(text(), 'dim')], inside().width)} />}
        </Index>
      </Show>
    </Frame>
  );
}

function notesOf(ui: Ui): string[] {
  const { vms } = ui;
  const cursor = ui.mode() === 'filter' ? '▏' : '';
  const filter = vms.filter() === '' && cursor === '' ? '' : ` /${plainText(vms.filter())}${cursor}`;
  const count = filter === '' ? String(vms.all().length) : `${vms.shown().length}/${vms.all().length}${filter}`;
  const marked = vms.marks.seen().length;
  return marked === 0 ? [count] : [`${marked} marked · ${count}`, `✓${marked} ${count}`];
}

function emptyLines(ui: Ui, width: number): string[] {
  if (ui.vms.all().length > 0) return [' no VM matches the filter', ' Esc shows all'];
  if (ui.vms.loaded()) return [' no VM yet', ' c creates one'];
  const connection = ui.connection();
  if (connection.status !== 'lost') return [' connecting …'];
  return [connection.reason, '', connection.hint].flatMap((text) => wrap(plainText(text), width - 2)).map((line) => ` ${line}`);
}
