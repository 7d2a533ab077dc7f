import { headerLine } from '../layout/header-line.ts';
import type { Rect } from '../layout/screen-layout.ts';
import type { Ui } from '../stores/ui.ts';
import type { Theme } from '../theme/theme.ts';
import { Line } from './line.tsx';

/** The host's figures and the connection. */
export function Header(props: { ui: Ui; rect: Rect; theme: Theme }) {
  return (
    <Line
      left={props.rect.left}
      top={props.rect.top}
      width={props.rect.width}
      theme={props.theme}
      spans={headerLine({ width: props.rect.width, host: props.ui.host(), running: props.ui.vms.running(), connection: props.ui.connection() })}
    />
  );
}
