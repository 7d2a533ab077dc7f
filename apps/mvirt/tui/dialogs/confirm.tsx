import type { Vm } from '@mvirt/api/schema';
import { Index } from 'solid-js';
import { fitSpans, type Span, span } from '../layout/span.ts';
import { plainText, wrap } from '../layout/text.ts';
import { vmLabel } from '../layout/vm-row.ts';
import { Line } from '../panes/line.tsx';
import type { Theme } from '../theme/theme.ts';
import { DialogBox } from './dialog-box.tsx';

const width = 60;

/** Asks before something is lost, and names it. */
export function Confirm(props: { action: 'kill' | 'delete'; vm: Vm; screen: { width: number; height: number }; theme: Theme }) {
  const inner = () => Math.max(1, Math.min(width, props.screen.width) - 2);
  const lines = (): Span[][] => [
    ...wrap(whatIsLost(props.action, props.vm), inner() - 2).map((text) => [span(` ${text}`)]),
    [],
    [span(' y', 'key'), span(` ${props.action}   `), span('n', 'key'), span(' leave it as it is')],
  ];
  return (
    <DialogBox title={`${props.action} ${vmLabel(props.vm)}?`} notes={[]} screen={props.screen} width={width} height={lines().length + 2} theme={props.theme}>
      <Index each={lines()}>{(line, row) => <Line top={row} width={inner()} theme={props.theme} spans={fitSpans(line(), inner())} />}</Index>
    </DialogBox>
  );
}

export function whatIsLost(action: 'kill' | 'delete', vm: Vm): string {
  const name = vmLabel(vm);
  if (action === 'kill') return `${name} is powered off at once. What its guest has in memory and has not yet written to its disks is lost.`;
  const disks = vm.disks.length === 0 ? '' : ` Its disk images stay: ${vm.disks.map((disk) => plainText(disk.path)).join(', ')}.`;
  return `The VM ${name}, its console's history and its log are lost.${disks}`;
}
