import { Index } from 'solid-js';
import type { Command, View } from '../keymap/command.ts';
import { keyLabel } from '../keymap/key-name.ts';
import { consoleKeys } from '../keymap/screen-commands.ts';
import { fitSpans, type Span, span } from '../layout/span.ts';
import { fit } from '../layout/text.ts';
import { Line } from '../panes/line.tsx';
import type { Theme } from '../theme/theme.ts';
import { DialogBox } from './dialog-box.tsx';

const width = 78;
const keyCells = 14;

/** All keys, from the registry; one that cannot act now is greyed and says why. */
export function Help(props: { commands: Command[]; view: View; top: number; screen: { width: number; height: number }; theme: Theme }) {
  const inner = () => Math.max(1, Math.min(width, props.screen.width) - 2);
  const all = () => helpLines(props.commands, props.view);
  const rows = () => Math.max(1, Math.min(all().length, props.screen.height - 2));
  const lines = () => {
    const top = Math.min(props.top, all().length - rows());
    return all().slice(top, top + rows());
  };
  return (
    <DialogBox
      title="Keys"
      notes={[rows() < all().length ? '↑↓ scroll · any other key closes' : 'any key closes']}
      screen={props.screen}
      width={width}
      height={rows() + 2}
      theme={props.theme}
    >
      <Index each={lines()}>{(line, row) => <Line top={row} width={inner()} theme={props.theme} spans={fitSpans(line(), inner())} />}</Index>
    </DialogBox>
  );
}

export function helpLines(commands: Command[], view: View): Span[][] {
  const rows = commands.map((command): Span[] => {
    const reason = command.disabledReason(view);
    const keys = fit(` ${command.keys.map(keyLabel).join(' ')}`, keyCells);
    if (reason !== null) return [span(keys, 'dim'), span(`${command.title} – ${reason}`, 'dim')];
    return [span(keys, 'key'), span(command.title)];
  });
  const inConsole = consoleKeys.map(({ keys, title }): Span[] => [span(fit(` ${keys}`, keyCells), 'key'), span(`in the console: ${title}`)]);
  return [...rows, ...inConsole];
}
