import { createEffect, createMemo, Index } from 'solid-js';
import { fitSpans, type Span } from '../layout/span.ts';
import { Line } from '../panes/line.tsx';
import type { Scroll } from '../stores/scroll.ts';
import type { Theme } from '../theme/theme.ts';
import { DialogBox } from './dialog-box.tsx';

/** Rows of text over the screen, scrolled where they are more than it has room for. */
export function TextDialog(props: {
  title: string;
  lines: readonly Span[][];
  scroll: Scroll;
  screen: { width: number; height: number };
  width: number;
  theme: Theme;
}) {
  const inner = () => Math.max(1, Math.min(props.width, props.screen.width) - 2);
  const rows = createMemo(() => Math.max(1, Math.min(props.lines.length, props.screen.height - 2)));
  createEffect(() => props.scroll.setRows(props.lines.length, rows()));
  const top = createMemo(() => props.scroll.top(props.lines.length, rows()));
  const seen = createMemo(() => props.lines.slice(top(), top() + rows()));
  const note = () => (rows() < props.lines.length ? `${top() + 1}–${top() + rows()}/${props.lines.length} · ↑↓ scroll · Esc closes` : 'Esc closes');
  return (
    <DialogBox
      title={props.title}
      notes={[note(), 'Esc closes']}
      screen={props.screen}
      width={props.width}
      height={rows() + 2}
      theme={props.theme}
      onWheel={(direction) => props.scroll.move('line', direction, 3)}
    >
      <Index each={seen()}>{(line, row) => <Line top={row} width={inner()} theme={props.theme} spans={fitSpans(line(), inner())} />}</Index>
    </DialogBox>
  );
}
