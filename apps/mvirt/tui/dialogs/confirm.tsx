import type { Vm } from '@mvirt/api/schema';
import { Index } from 'solid-js';
import { fitSpans, type Span, span } from '../layout/span.ts';
import { wrap } from '../layout/text.ts';
import { vmLabel } from '../layout/vm-row.ts';
import { whatIsLost } from '../layout/what-is-lost.ts';
import { Line } from '../panes/line.tsx';
import type { Theme } from '../theme/theme.ts';
import { DialogBox } from './dialog-box.tsx';

const width = 64;

/** Asks before something is lost, and names it. */
export function Confirm(props: {
  action: 'kill' | 'delete';
  vms: readonly Vm[];
  screen: { width: number; height: number };
  theme: Theme;
  answer: (yes: boolean) => void;
}) {
  const inner = () => Math.max(1, Math.min(width, props.screen.width) - 2);
  const most = () => Math.max(1, props.screen.height - 5);
  const text = (): Span[][] => {
    const lines = whatIsLost(props.action, props.vms).flatMap((each) => wrap(each, inner() - 2).map((row) => [span(` ${row}`)]));
    return lines.length <= most() ? lines : [...lines.slice(0, most() - 1), [span(' …')]];
  };
  const lines = (): Span[][] => [...text(), [], [span(' y', 'key'), span(` ${props.action}   `), span('n', 'key'), span(' leave as it is')]];
  const title = () => {
    const [vm] = props.vms;
    return props.vms.length === 1 && vm ? `${props.action} ${vmLabel(vm)}?` : `${props.action} ${props.vms.length} VMs?`;
  };
  return (
    <DialogBox
      title={title()}
      notes={[]}
      screen={props.screen}
      width={width}
      height={lines().length + 2}
      theme={props.theme}
      onMouseDown={(x, y) => {
        if (y !== lines().length - 1) return;
        if (x >= 1 && x < 3 + props.action.length) props.answer(true);
        else if (x >= 6 + props.action.length) props.answer(false);
      }}
    >
      <Index each={lines()}>{(line, row) => <Line top={row} width={inner()} theme={props.theme} spans={fitSpans(line(), inner())} />}</Index>
    </DialogBox>
  );
}
