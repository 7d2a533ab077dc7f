import { createEffect, createMemo, Index, Show } from 'solid-js';
import { insideOf, type Rect, type ScreenLayout } from '../layout/screen-layout.ts';
import { fitSpans, span } from '../layout/span.ts';
import { plainText, wrap } from '../layout/text.ts';
import { vmRow } from '../layout/vm-row.ts';
import { windowTop } from '../layout/window.ts';
import type { Ui } from '../stores/ui.ts';
import type { Theme } from '../theme/theme.ts';
import { Frame } from './frame.tsx';
import { Line } from './line.tsx';

/** The VMs; only the rows that are seen exist. */
export function VmList(props: { ui: Ui; rect: Rect; borders: ScreenLayout['borders']; theme: Theme }) {
  const { vms } = props.ui;
  const inside = createMemo(() => insideOf(props.rect, props.borders));
  createEffect(() => props.ui.setRows('list', inside().height));
  const top = createMemo<number>((before) => windowTop({ top: before, index: vms.index(), rows: inside().height, total: vms.shown().length }), 0);
  const rows = createMemo(() => vms.shown().slice(top(), top() + inside().height));
  const focused = () => props.ui.focus() === 'list';
  const note = () => {
    const filter = props.ui.filtering() ? `/${plainText(vms.filter())}▏` : vms.filter() === '' ? '' : `/${plainText(vms.filter())}`;
    return filter === '' ? String(vms.all().length) : `${vms.shown().length}/${vms.all().length} ${filter}`;
  };
  return (
    <Frame
      rect={props.rect}
      borders={props.borders}
      title="VMs"
      notes={[note()]}
      focused={focused()}
      theme={props.theme}
      onMouseDown={(_x, y) => {
        props.ui.setFocus('list');
        if (y >= 0 && y < rows().length) vms.selectAt(top() + y);
      }}
      onWheel={(direction) => vms.selectAt(vms.index() + direction * 3)}
    >
      <Index each={rows()}>
        {(vm, row) => (
          <Line
            top={row}
            width={inside().width}
            theme={props.theme}
            stale={!props.ui.connected()}
            spans={vmRow(vm(), {
              width: inside().width,
              cpuPercent: vm().state === 'stopped' ? null : vms.cpuPercent(vm().id),
              selected: vm().id === vms.selected()?.id,
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

function emptyLines(ui: Ui, width: number): string[] {
  if (ui.vms.all().length > 0) return [' no VM matches the filter', ' Esc shows all'];
  if (ui.vms.loaded()) return [' no VM yet', ' c creates one'];
  const connection = ui.connection();
  if (connection.status !== 'lost') return [' connecting …'];
  return [connection.reason, '', connection.hint].flatMap((text) => wrap(plainText(text), width - 2)).map((line) => ` ${line}`);
}
