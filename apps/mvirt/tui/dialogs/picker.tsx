import { createEffect, createMemo, Index, Show } from 'solid-js';
import { shortBytes } from '../layout/format.ts';
import { fitSpans, type Span, span, spread } from '../layout/span.ts';
import { plainText, wrap } from '../layout/text.ts';
import { windowTop } from '../layout/window.ts';
import { Line } from '../panes/line.tsx';
import type { PickerRow, PickerStore } from '../stores/picker-store.ts';
import type { Theme } from '../theme/theme.ts';
import { DialogBox } from './dialog-box.tsx';

const width = 80;
const height = 20;

/** Folders and files; what is typed narrows them. */
export function Picker(props: { store: PickerStore; screen: { width: number; height: number }; theme: Theme }) {
  const { store } = props;
  const inner = () => Math.max(1, Math.min(width, props.screen.width) - 2);
  const room = createMemo(() => Math.max(1, Math.min(height, props.screen.height) - 3));
  createEffect(() => store.setSeen(room()));
  const top = createMemo<number>((before) => windowTop({ top: before, index: store.index(), rows: room(), total: store.rows().length }), 0);
  const rows = createMemo(() => store.rows().slice(top(), top() + room()));
  const state = (): Span[] => {
    const error = store.error();
    if (error !== null) return [span(` × ${plainText(error)}`, 'bad')];
    if (store.entries() === null) return [span(' reading …', 'busy')];
    return store.rows().length === 0 ? [span(store.needle() === '' ? ' nothing in here' : ' nothing fits', 'dim')] : [];
  };
  const needle = () => (store.needle() === '' ? '' : `/${plainText(store.needle())}▏`);
  return (
    <DialogBox
      title={store.title}
      notes={[[needle(), '↵ chooses · ← up · type to narrow · Esc leaves'].filter(Boolean).join(' · '), needle() || 'Esc leaves']}
      screen={props.screen}
      width={width}
      height={room() + 3}
      theme={props.theme}
      onMouseDown={(_x, y) => {
        if (y >= 1 && y - 1 < rows().length) store.choose(top() + y - 1);
      }}
      onWheel={(direction) => store.move('line', direction)}
    >
      <Line width={inner()} theme={props.theme} spans={fitSpans([span(` ${plainText(store.heading())}`, 'accent')], inner())} />
      <Index each={rows()}>
        {(row, at) => <Line top={at + 1} width={inner()} theme={props.theme} spans={entrySpans(row(), inner(), top() + at === store.index())} />}
      </Index>
      <Show when={state().length > 0}>
        <Index each={wrap(state()[0]?.text ?? '', inner() - 1)}>
          {(text, at) => <Line top={rows().length + 1 + at} width={inner()} theme={props.theme} spans={fitSpans([span(text(), state()[0]?.tone)], inner())} />}
        </Index>
      </Show>
    </DialogBox>
  );
}

function entrySpans(row: PickerRow, width: number, selected: boolean): Span[] {
  const folder = row.kind !== 'file';
  const name = span(` ${plainText(row.name)}${folder ? '/' : ''}`, folder ? 'accent' : 'plain');
  const size = folder ? [] : [span(`${shortBytes(row.sizeBytes)} `, 'dim')];
  const spans = spread([name], size, width);
  return selected ? spans.map((each) => span(each.text, 'selected')) : spans;
}
