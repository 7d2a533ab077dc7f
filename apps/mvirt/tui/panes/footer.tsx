import { Show } from 'solid-js';
import { consoleKeys } from '../keymap/screen-commands.ts';
import { keyHints, messageLine } from '../layout/footer-lines.ts';
import type { Rect } from '../layout/screen-layout.ts';
import { fitSpans, type Span, span } from '../layout/span.ts';
import type { Ui } from '../stores/ui.ts';
import type { Theme } from '../theme/theme.ts';
import { Line } from './line.tsx';

/** Keys that act now, the last message, and the `mvirt …` line that does the same. */
export function Footer(props: { ui: Ui; rect: Rect; theme: Theme }) {
  const { ui } = props;
  const hints = (): Span[] => (ui.focus() === 'console' ? consoleHints(props.rect.width) : keyHints(ui.commands, ui.view(), props.rect.width));
  const message = () => messageLine({ message: ui.message(), line: ui.lastLine() ?? usualLine(ui), width: props.rect.width });
  return (
    <box position="absolute" left={props.rect.left} top={props.rect.top} width={props.rect.width} height={props.rect.height}>
      <Show when={props.rect.height > 1} fallback={<Line width={props.rect.width} theme={props.theme} spans={ui.message() === null ? hints() : message()} />}>
        <Line width={props.rect.width} theme={props.theme} spans={hints()} />
        <Line top={1} width={props.rect.width} theme={props.theme} spans={message()} />
      </Show>
    </box>
  );
}

const consoleHints = (width: number): Span[] =>
  fitSpans([span(' '), ...consoleKeys.flatMap(({ keys, hint }) => [span(keys, 'key'), span(` ${hint}  `)])], width);

/** What would be done next with the selected VM. */
function usualLine(ui: Ui): string | null {
  const view = ui.view();
  const id = view.focus === 'console' ? 'console' : view.selected === null ? 'create' : view.selected.state === 'stopped' ? 'start' : 'stop';
  return ui.commands.find((command) => command.id === id)?.commandLine(view) ?? null;
}
