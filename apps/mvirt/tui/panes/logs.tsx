import { createEffect, createMemo, Index } from 'solid-js';
import { logRow } from '../layout/log-row.ts';
import { insideOf, type Rect, type ScreenLayout } from '../layout/screen-layout.ts';
import { plainText } from '../layout/text.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { Ui } from '../stores/ui.ts';
import type { Theme } from '../theme/theme.ts';
import { Frame } from './frame.tsx';
import { Line } from './line.tsx';

const wheelRows = 3;

/** What happened to the selected VM, newest last. Scrolling up stops following. */
export function Logs(props: { ui: Ui; rect: Rect; borders: ScreenLayout['borders']; theme: Theme }) {
  const { logs, vms } = props.ui;
  const inside = createMemo(() => insideOf(props.rect, props.borders));
  createEffect(() => logs.setSize({ width: inside().width, height: inside().height }));
  const title = () => {
    const vm = vms.selected();
    return vm === null ? 'Logs' : `Logs  ${vmLabel(vm)}`;
  };
  return (
    <Frame
      rect={props.rect}
      borders={props.borders}
      title={title()}
      notes={notesOf(props.ui)}
      focused={props.ui.focus() === 'logs'}
      theme={props.theme}
      onMouseDown={() => props.ui.setFocus('logs')}
      onWheel={(direction) => logs.scroll('line', direction, wheelRows)}
    >
      <Index each={logs.visible()}>
        {(shown, row) => (
          <Line
            top={row}
            width={inside().width}
            theme={props.theme}
            stale={!props.ui.connected()}
            spans={logRow(
              { line: shown().entry.line, row: shown().row, text: shown().text },
              { width: inside().width, term: logs.search.term(), current: logs.search.current() === shown().entry.seq },
            )}
          />
        )}
      </Index>
    </Frame>
  );
}

function notesOf(ui: Ui): string[] {
  const { logs } = ui;
  const { term, hits, current } = logs.search;
  const at = current();
  const typing = ui.mode() === 'search' ? '▏' : '';
  const search = term() === '' && typing === '' ? '' : `/${plainText(term())}${typing} ${at === null ? '' : `${hits().indexOf(at) + 1}/`}${hits().length}`;
  const place = logs.following() ? 'follow' : logs.missed() > 0 ? `${logs.missed()} more below` : 'G follows';
  const wrapped = logs.wrapped() ? 'wrapped' : '';
  const all = [search, wrapped, place].filter((part) => part !== '');
  return [all.join(' · '), search === '' ? place : search];
}
