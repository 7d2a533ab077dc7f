import type { JSX } from 'solid-js';
import type { Rect } from '../layout/screen-layout.ts';
import { Frame } from '../panes/frame.tsx';
import type { Theme } from '../theme/theme.ts';

/** A framed box in the middle of the screen, as large as wanted and possible. */
export function DialogBox(props: {
  title: string;
  notes: string[];
  screen: { width: number; height: number };
  width: number;
  height: number;
  theme: Theme;
  onMouseDown?: (x: number, y: number) => void;
  onWheel?: (direction: -1 | 1) => void;
  children: JSX.Element;
}) {
  return (
    <Frame
      rect={dialogRect(props.screen, props)}
      borders="all"
      title={props.title}
      notes={props.notes}
      focused={true}
      above={true}
      theme={props.theme}
      onMouseDown={(x, y) => props.onMouseDown?.(x, y)}
      onWheel={(direction) => props.onWheel?.(direction)}
    >
      {props.children}
    </Frame>
  );
}

function dialogRect(screen: { width: number; height: number }, wanted: { width: number; height: number }): Rect {
  const width = Math.min(wanted.width, screen.width);
  const height = Math.min(wanted.height, screen.height);
  return { left: Math.floor((screen.width - width) / 2), top: Math.floor((screen.height - height) / 2), width, height };
}
