import type { Vm } from '@mvirt/api/schema';
import { createEffect, createMemo, Index } from 'solid-js';
import { type DetailRow, detailLabelCells } from '../layout/detail-rows.ts';
import { fitSpans, type Span, span } from '../layout/span.ts';
import { fit } from '../layout/text.ts';
import { vmLabel } from '../layout/vm-row.ts';
import { windowTop } from '../layout/window.ts';
import { Line } from '../panes/line.tsx';
import type { DetailStore } from '../stores/detail-store.ts';
import type { Theme } from '../theme/theme.ts';
import { DialogBox } from './dialog-box.tsx';

const width = 100;

/** Everything of one VM, with a cursor; devices come and go from here. */
export function Details(props: { store: DetailStore; vm: Vm | null; stale: boolean; screen: { width: number; height: number }; theme: Theme }) {
  const { store } = props;
  const inner = createMemo(() => Math.max(1, Math.min(width, props.screen.width) - 2));
  createEffect(() => store.setWidth(inner() - detailLabelCells - 1));
  const seen = createMemo(() => Math.max(1, Math.min(store.rows().length, props.screen.height - 2)));
  createEffect(() => store.setSeen(seen()));
  const top = createMemo<number>((before) => windowTop({ top: before, index: store.cursor(), rows: seen(), total: store.rows().length }), 0);
  const rows = createMemo(() => store.rows().slice(top(), top() + seen()));
  const more = () => (seen() < store.rows().length ? `${top() + 1}–${top() + seen()}/${store.rows().length} · ` : '');
  return (
    <DialogBox
      title={props.vm === null ? 'Details' : `Details  ${vmLabel(props.vm)}`}
      notes={[`${more()}Esc closes`, 'Esc']}
      screen={props.screen}
      width={width}
      height={seen() + 2}
      theme={props.theme}
      onMouseDown={(_x, y) => {
        if (y >= 0 && y < rows().length) store.moveTo(top() + y);
      }}
      onWheel={(direction) => store.move('line', direction)}
    >
      <Index each={rows()}>
        {(row, at) => <Line top={at} width={inner()} theme={props.theme} stale={props.stale} spans={rowSpans(row(), inner(), top() + at === store.cursor())} />}
      </Index>
    </DialogBox>
  );
}

function rowSpans({ label, value, tone }: DetailRow, width: number, selected: boolean): Span[] {
  const spans = fitSpans([span(fit(` ${label}`, detailLabelCells), 'dim'), span(value, tone)], width);
  return selected ? spans.map((each) => span(each.text, 'selected')) : spans;
}
