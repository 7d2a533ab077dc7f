import { createMemo, Index, Show } from 'solid-js';
import { keyLabel } from '../keymap/key-name.ts';
import type { Suggestion } from '../keymap/suggestions.ts';
import { fitSpans, type Span, span, spansWidth } from '../layout/span.ts';
import { fit, plainText } from '../layout/text.ts';
import { windowTop } from '../layout/window.ts';
import { Frame } from '../panes/frame.tsx';
import { Line } from '../panes/line.tsx';
import type { PaletteStore } from '../stores/palette-store.ts';
import type { Theme } from '../theme/theme.ts';

const most = 10;
const idCells = 15;

/** The command line, at the foot of the screen, with what it may be meant to become above it. */
export function Palette(props: { store: PaletteStore; screen: { width: number; height: number }; theme: Theme }) {
  const { store } = props;
  const inner = () => Math.max(1, props.screen.width - 2);
  const room = createMemo(() => Math.max(0, Math.min(most, store.found().length, props.screen.height - 3)));
  const top = createMemo<number>((before) => windowTop({ top: before, index: store.index(), rows: room(), total: store.found().length }), 0);
  const rows = createMemo(() => store.found().slice(top(), top() + room()));
  const height = () => Math.min(props.screen.height, room() + 3);
  return (
    <Frame
      rect={{ left: 0, top: props.screen.height - height(), width: props.screen.width, height: height() }}
      borders="all"
      title="Command"
      notes={['↵ runs · Tab completes · ↑↓ choose · Esc leaves', 'Esc leaves']}
      focused={true}
      above={true}
      theme={props.theme}
      onMouseDown={(_x, y) => {
        if (y >= 1 && y - 1 < rows().length) store.move(top() + y - 1 - store.index());
      }}
      onWheel={(direction) => store.move(direction)}
    >
      <Line width={inner()} theme={props.theme} spans={fitSpans([span(' :', 'key'), span(`${tail(plainText(store.line()), inner() - 4)}▏`)], inner())} />
      <Show when={rows().length > 0}>
        <Index each={rows()}>
          {(row, at) => <Line top={at + 1} width={inner()} theme={props.theme} spans={rowSpans(row(), inner(), top() + at === store.index())} />}
        </Index>
      </Show>
    </Frame>
  );
}

/** The end of a line that is longer than its place: what is typed last is seen. */
const tail = (text: string, width: number): string => (text.length <= width ? text : `…${text.slice(1 - width)}`);

function rowSpans(suggestion: Suggestion, width: number, selected: boolean): Span[] {
  const [words, key] = partsOf(suggestion);
  const spans = [...fitSpans(words, width - spansWidth(key)), ...key];
  return selected ? spans.map((each) => span(each.text, 'selected')) : spans;
}

function partsOf(suggestion: Suggestion): [Span[], Span[]] {
  if (suggestion.kind === 'text') return [[span(` ${fit(plainText(suggestion.title), idCells)} `, 'strong'), span(plainText(suggestion.note), 'dim')], []];
  const { command, title, reason } = suggestion;
  const [key] = command.keys;
  const words = reason === null ? title : `${title} – ${reason}`;
  return [
    [span(` ${fit(command.id, idCells)} `, reason === null ? 'strong' : 'dim'), span(words, reason === null ? 'plain' : 'dim')],
    key === undefined ? [] : [span(` ${keyLabel(key)} `, 'key')],
  ];
}
