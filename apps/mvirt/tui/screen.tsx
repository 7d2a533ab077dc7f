import { useKeyboard, usePaste, useTerminalDimensions } from '@opentui/solid';
import { type Accessor, createMemo, Match, Show, Switch } from 'solid-js';
import { Confirm } from './dialogs/confirm.tsx';
import { Create } from './dialogs/create.tsx';
import { Help } from './dialogs/help.tsx';
import { layoutScreen, type Rect } from './layout/screen-layout.ts';
import { Console } from './panes/console.tsx';
import { Footer } from './panes/footer.tsx';
import { Header } from './panes/header.tsx';
import { Logs } from './panes/logs.tsx';
import { VmList } from './panes/vm-list.tsx';
import { createConsoleKeys } from './stores/console-keys.ts';
import { createKeyboard } from './stores/keyboard.ts';
import type { Dialog, Ui } from './stores/ui.ts';
import type { Theme } from './theme/theme.ts';

/** The whole screen. */
export function Screen(props: { ui: Ui; theme: Theme; suspend: () => void; quit: () => void }) {
  const { ui, theme } = props;
  const size = useTerminalDimensions();
  const layout = createMemo(() => layoutScreen({ width: size().width, height: size().height, focus: ui.focus(), zoomed: ui.zoomed() }));
  const consoleKeys = createConsoleKeys(ui);
  const keyboard = createKeyboard(ui, { console: consoleKeys, suspend: () => props.suspend(), quit: () => props.quit() });
  useKeyboard((event) => {
    if (keyboard.press(event)) event.preventDefault();
  });
  usePaste((event) => {
    if (keyboard.paste(event.bytes)) event.preventDefault();
  });
  const create = () => ui.dialog()?.kind === 'create';
  const help = () => {
    const dialog = ui.dialog();
    return dialog?.kind === 'help' ? dialog : null;
  };
  const confirm = () => {
    const dialog = ui.dialog();
    return dialog?.kind === 'confirm' ? dialog : null;
  };
  return (
    <box width={size().width} height={size().height} backgroundColor={theme.background}>
      <Show when={layout().panes.list}>{(rect: Accessor<Rect>) => <VmList ui={ui} rect={rect()} borders={layout().borders} theme={theme} />}</Show>
      <Show when={layout().panes.logs}>{(rect: Accessor<Rect>) => <Logs ui={ui} rect={rect()} borders={layout().borders} theme={theme} />}</Show>
      <Console ui={ui} keys={consoleKeys} rect={layout().panes.console} borders={layout().borders} theme={theme} />
      <Show when={layout().header}>{(rect: Accessor<Rect>) => <Header ui={ui} rect={rect()} theme={theme} />}</Show>
      <Show when={layout().footer}>{(rect: Accessor<Rect>) => <Footer ui={ui} rect={rect()} theme={theme} />}</Show>
      <Switch>
        <Match when={create()}>
          <Create create={ui.create} screen={size()} theme={theme} />
        </Match>
        <Match when={help()}>
          {(dialog: Accessor<HelpDialog>) => <Help commands={ui.commands} view={ui.view()} top={dialog().top} screen={size()} theme={theme} />}
        </Match>
        <Match when={confirm()}>
          {(dialog: Accessor<ConfirmDialog>) => <Confirm action={dialog().action} vm={dialog().vm} screen={size()} theme={theme} />}
        </Match>
      </Switch>
    </box>
  );
}

type HelpDialog = Extract<Dialog, { kind: 'help' }>;
type ConfirmDialog = Extract<Dialog, { kind: 'confirm' }>;
