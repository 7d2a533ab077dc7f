import { Show } from 'solid-js';
import type { View } from '../keymap/command.ts';
import { prefixKeys } from '../keymap/console-prefix.ts';
import { entryHints, keyHints, messageLine } from '../layout/footer-lines.ts';
import type { Rect } from '../layout/screen-layout.ts';
import type { Span } from '../layout/span.ts';
import type { Ui } from '../stores/ui.ts';
import type { Theme } from '../theme/theme.ts';
import { Line } from './line.tsx';

/** Keys that act now, the last message, and the `mvirt …` line that does the same. */
export function Footer(props: { ui: Ui; rect: Rect; theme: Theme }) {
  const { ui } = props;
  const hints = (): Span[] => (ui.mode() === 'console' ? entryHints(prefixKeys, props.rect.width, '^a ') : keyHints(ui.commands, ui.view(), props.rect.width));
  const message = () => messageLine({ message: ui.message(), line: lineFor(ui), width: props.rect.width });
  return (
    <box position="absolute" left={props.rect.left} top={props.rect.top} width={props.rect.width} height={props.rect.height}>
      <Show when={props.rect.height > 1} fallback={<Line width={props.rect.width} theme={props.theme} spans={ui.message() === null ? hints() : message()} />}>
        <Line width={props.rect.width} theme={props.theme} spans={hints()} />
        <Line top={1} width={props.rect.width} theme={props.theme} spans={message()} />
      </Show>
    </box>
  );
}

/** A form shows its own line. */
const lineFor = (ui: Ui): string | null => (ui.mode() === 'form' || ui.mode() === 'picker' ? null : (ui.lastLine() ?? usualLine(ui)));

/** What would be done next with the selected VM. */
function usualLine(ui: Ui): string | null {
  const view = ui.view();
  const usable = ui.commands.find((command) => command.id === usualId(view));
  return usable?.cliLine(view) ?? null;
}

function usualId({ mode, selected, marked }: View): string {
  if (mode === 'console') return 'console';
  if (mode === 'logs' || mode === 'search') return 'logs';
  if (mode === 'details') return 'get';
  const [vm = selected] = marked;
  return vm === null ? 'create' : vm.state === 'stopped' ? 'start' : 'stop';
}
