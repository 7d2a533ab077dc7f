import { createEffect, createMemo, Index } from 'solid-js';
import { logRow } from '../layout/log-row.ts';
import { insideOf, type Rect, type ScreenLayout } from '../layout/screen-layout.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { Ui } from '../stores/ui.ts';
import type { Theme } from '../theme/theme.ts';
import { Frame } from './frame.tsx';
import { Line } from './line.tsx';

/** What happened to the selected VM, newest last. Scrolling up stops following. */
export function Logs(props: { ui: Ui; rect: Rect; borders: ScreenLayout['borders']; theme: Theme }) {
  const { logs, vms } = props.ui;
  const inside = createMemo(() => insideOf(props.rect, props.borders));
  createEffect(() => props.ui.setRows('logs', inside().height));
  const rows = createMemo(() => logs.visible(inside().height));
  const title = () => {
    const vm = vms.selected();
    return vm === null ? 'Logs' : `Logs  ${vmLabel(vm)}`;
  };
  const note = () => (logs.following() ? 'follow' : logs.missed() > 0 ? `${logs.missed()} more below` : 'G follows');
  return (
    <Frame
      rect={props.rect}
      borders={props.borders}
      title={title()}
      notes={[note()]}
      focused={props.ui.focus() === 'logs'}
      theme={props.theme}
      onMouseDown={() => props.ui.setFocus('logs')}
      onWheel={(direction) => {
        for (let line = 0; line < 3; line += 1) logs.scroll('line', direction, inside().height);
      }}
    >
      <Index each={rows()}>
        {(line, row) => <Line top={row} width={inside().width} theme={props.theme} stale={!props.ui.connected()} spans={logRow(line(), inside().width)} />}
      </Index>
    </Frame>
  );
}
