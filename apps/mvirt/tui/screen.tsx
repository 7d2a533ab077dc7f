import { useKeyboard, usePaste, useTerminalDimensions } from '@opentui/solid';
import { type Accessor, createMemo, For, Show } from 'solid-js';
import { Confirm } from './dialogs/confirm.tsx';
import { Details } from './dialogs/details.tsx';
import { FormDialog } from './dialogs/form.tsx';
import { Palette } from './dialogs/palette.tsx';
import { Picker } from './dialogs/picker.tsx';
import { TextDialog } from './dialogs/text-dialog.tsx';
import { helpLines } from './layout/help-lines.ts';
import { layoutScreen, type Rect } from './layout/screen-layout.ts';
import { span } from './layout/span.ts';
import { plainText } from './layout/text.ts';
import { Console } from './panes/console.tsx';
import { Footer } from './panes/footer.tsx';
import { Header } from './panes/header.tsx';
import { Logs } from './panes/logs.tsx';
import { VmList } from './panes/vm-list.tsx';
import { createConsoleKeys } from './stores/console-keys.ts';
import type { Dialog } from './stores/dialogs.ts';
import { createKeyboard } from './stores/keyboard.ts';
import type { Ui } from './stores/ui.ts';
import type { Theme } from './theme/theme.ts';

/** The whole screen. */
export function Screen(props: { ui: Ui; theme: Theme }) {
  const { ui, theme } = props;
  const size = useTerminalDimensions();
  const layout = createMemo(() => layoutScreen({ width: size().width, height: size().height, focus: ui.focus(), zoomed: ui.zoomed() }));
  const consoleKeys = createConsoleKeys(ui);
  const keyboard = createKeyboard(ui, { console: consoleKeys });
  useKeyboard((event) => {
    if (keyboard.press(event)) event.preventDefault();
  });
  usePaste((event) => {
    if (keyboard.paste(event.bytes)) event.preventDefault();
  });
  /** What dialogs may cover: the footer's keys and words stay. */
  const area = createMemo(() => ({ width: size().width, height: Math.max(1, size().height - (layout().footer?.height ?? 0)) }));
  return (
    <box width={size().width} height={size().height} backgroundColor={theme.background}>
      <Show when={layout().panes.list}>{(rect: Accessor<Rect>) => <VmList ui={ui} rect={rect()} borders={layout().borders} theme={theme} />}</Show>
      <Show when={layout().panes.logs}>{(rect: Accessor<Rect>) => <Logs ui={ui} rect={rect()} borders={layout().borders} theme={theme} />}</Show>
      <Console ui={ui} keys={consoleKeys} rect={layout().panes.console} borders={layout().borders} theme={theme} />
      <Show when={layout().header}>{(rect: Accessor<Rect>) => <Header ui={ui} rect={rect()} theme={theme} />}</Show>
      <Show when={layout().footer}>{(rect: Accessor<Rect>) => <Footer ui={ui} rect={rect()} theme={theme} />}</Show>
      <For each={ui.dialogs.stack()}>{(dialog) => <OneDialog dialog={dialog} ui={ui} screen={area()} theme={theme} />}</For>
    </box>
  );
}

const textWidth = 80;
const outputWidth = 120;

function OneDialog(props: { dialog: Dialog; ui: Ui; screen: { width: number; height: number }; theme: Theme }) {
  const { dialog, ui, theme } = props;
  const front = () => ui.dialogs.front() === dialog;
  switch (dialog.kind) {
    case 'help':
      return (
        <TextDialog
          title="Keys"
          lines={helpLines(ui.commands, { ...ui.view(), mode: dialog.mode })}
          scroll={dialog.scroll}
          screen={props.screen}
          width={textWidth}
          theme={theme}
        />
      );
    case 'output':
      return (
        <TextDialog
          title={plainText(dialog.title)}
          lines={dialog.lines.map((line) => [span(` ${plainText(line)}`)])}
          scroll={dialog.scroll}
          screen={props.screen}
          width={outputWidth}
          theme={theme}
        />
      );
    case 'confirm':
      return <Confirm action={dialog.action} vms={dialog.vms} screen={props.screen} theme={theme} answer={ui.actions.answer} />;
    case 'details':
      return <Details store={dialog.store} vm={ui.subject()} stale={!ui.connected()} screen={props.screen} theme={theme} />;
    case 'form':
      return <FormDialog store={dialog.store} front={front()} browse={ui.actions.browse} screen={props.screen} theme={theme} />;
    case 'picker':
      return <Picker store={dialog.store} screen={props.screen} theme={theme} />;
    case 'palette':
      return <Palette store={dialog.store} screen={props.screen} theme={theme} />;
  }
}
