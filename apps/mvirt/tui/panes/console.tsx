import { extend, useSelectionHandler } from '@opentui/solid';
import { createEffect, createMemo, on, onCleanup, Show } from 'solid-js';
import { insideOf, type Rect, type ScreenLayout } from '../layout/screen-layout.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { ConsoleKeys } from '../stores/console-keys.ts';
import type { Ui } from '../stores/ui.ts';
import { type GuestColours, guestColours } from '../theme/guest-colours.ts';
import type { Theme } from '../theme/theme.ts';
import { Frame } from './frame.tsx';
import { GuestTerminal } from './guest-terminal.ts';

declare module '@opentui/solid' {
  interface OpenTUIComponents {
    guest_terminal: typeof GuestTerminal;
  }
}

/** Tells the renderer of our element; before the first frame. */
export const registerGuestTerminal = (): void => extend({ guest_terminal: GuestTerminal });

/** The selected VM's serial console. rect null: it is kept, unseen. */
export function Console(props: { ui: Ui; keys: ConsoleKeys; rect: Rect | null; borders: ScreenLayout['borders']; theme: Theme }) {
  const rect = createMemo<Rect>((before) => props.rect ?? before, { left: 0, top: 0, width: 82, height: 26 });
  const inside = createMemo(() => insideOf(rect(), props.borders));
  const focused = () => props.ui.focus() === 'console';
  const title = () => {
    const vm = props.ui.vms.selected();
    return vm === null ? 'Console' : `Console  ${vmLabel(vm)}`;
  };
  return (
    <box visible={props.rect !== null}>
      <Frame
        rect={rect()}
        borders={props.borders}
        title={title()}
        notes={notesOf(props.ui, props.keys, inside())}
        focused={focused()}
        theme={props.theme}
        onMouseDown={() => props.ui.setFocus('console')}
      >
        <Show when={props.ui.streamed()} keyed>
          {(id: string) => (
            <Attachment
              id={id}
              ui={props.ui}
              keys={props.keys}
              colours={guestColours(props.theme)}
              width={inside().width}
              height={inside().height}
              focused={focused() && props.rect !== null}
            />
          )}
        </Show>
      </Frame>
    </box>
  );
}

/** One VM's emulator, made anew for each VM: nothing of one guest's screen or modes reaches another's. */
function Attachment(props: { id: string; ui: Ui; keys: ConsoleKeys; colours: GuestColours; width: number; height: number; focused: boolean }) {
  const { consoles } = props.ui;
  let terminal: GuestTerminal | undefined;
  onCleanup(() => props.keys.detach());
  const attach = (made: GuestTerminal): void => {
    terminal = made;
    props.keys.attach(made);
    onCleanup(consoles.open(props.id, made, () => props.focused && props.keys.canType()));
  };
  useSelectionHandler(() => {
    const text = terminal?.getSelectedText() ?? '';
    if (text.trim() === '') return;
    if (props.ui.copy(text)) props.ui.say(`copied ${[...text].length} characters`, 'good');
    else props.ui.say('this terminal takes no copies (OSC 52)', 'warning');
  });
  createEffect(
    on(
      () => props.focused && props.ui.mode() === 'console',
      (focused) => {
        if (focused) terminal?.focus();
        else terminal?.blur();
      },
    ),
  );
  return (
    <guest_terminal
      ref={attach}
      position="absolute"
      left={0}
      top={0}
      width={props.width}
      height={Math.max(1, props.height)}
      colours={props.colours}
      onData={(bytes, source) => {
        // Answers go through the store: the agent types one of all viewers'.
        if (source === 'input' && props.keys.canType()) consoles.write(bytes);
      }}
    />
  );
}

function notesOf(ui: Ui, keys: ConsoleKeys, size: { width: number; height: number }): string[] {
  const vm = ui.vms.selected();
  if (vm === null) return [];
  if (keys.scrolling()) return ['scrolled back · ↑↓ PgUp PgDn · Esc ends', 'scrolled back · Esc ends', 'scrolled'];
  const stream = streamNotes[ui.consoles.phase()];
  if (ui.focus() !== 'console') return [stream ?? (vm.state === 'stopped' ? 'stopped' : '')];
  if (keys.armed()) return ['^a …  t leaves · z zooms · [ scrolls', '^a … t leaves · z zooms', '^a …'];
  const what = stream ?? (vm.state === 'stopped' ? 'stopped' : `keys go to ${vmLabel(vm)}`);
  // A serial line tells no size: the guest has to be told this one, by stty.
  return [`${what} · ${size.width}x${size.height} · ^a t leaves`, `${what} · ^a t leaves`, '^a t leaves'];
}

const streamNotes = { none: null, live: null, history: 'loading …', gap: 'interrupted' } as const;
