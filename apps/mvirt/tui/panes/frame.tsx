import { type JSX, Show } from 'solid-js';
import { frameTop } from '../layout/frame-lines.ts';
import { insideOf, type Rect, type ScreenLayout } from '../layout/screen-layout.ts';
import type { Theme } from '../theme/theme.ts';
import { Line } from './line.tsx';

export type FrameProps = {
  rect: Rect;
  borders: ScreenLayout['borders'];
  title: string;
  /** From the longest to the shortest. */
  notes: string[];
  focused: boolean;
  theme: Theme;
  /** Drawn over everything else. */
  above?: boolean;
  onMouseDown?: (x: number, y: number) => void;
  onWheel?: (direction: -1 | 1) => void;
  children: JSX.Element;
};

/** A pane's frame. Its children stand inside it, their places counted from its inner top left. */
export function Frame(props: FrameProps) {
  const inside = () => insideOf({ ...props.rect, left: 0, top: 0 }, props.borders);
  const border = () => props.theme.style(props.focused ? 'borderFocused' : 'border').fg;
  return (
    <box
      position="absolute"
      left={props.rect.left}
      top={props.rect.top}
      width={props.rect.width}
      height={props.rect.height}
      zIndex={props.above ? 10 : 0}
      overflow="hidden"
      backgroundColor={props.theme.background}
      onMouseDown={(event) => props.onMouseDown?.(event.x - props.rect.left - inside().left, event.y - props.rect.top - inside().top)}
      onMouseScroll={(event) => {
        const direction = event.scroll?.direction;
        if (direction === 'up' || direction === 'down') props.onWheel?.(direction === 'up' ? -1 : 1);
      }}
    >
      <Show when={props.borders === 'all'}>
        {/* Beneath: it reaches over the whole pane, and the mouse is the content's. Where there is no room inside, it covers what does not fit. */}
        <box
          position="absolute"
          zIndex={props.rect.width > 2 ? -1 : 1}
          left={0}
          top={0}
          width={props.rect.width}
          height={props.rect.height}
          border={true}
          borderColor={border()}
          shouldFill={false}
        />
      </Show>
      <Line
        width={props.rect.width}
        theme={props.theme}
        spans={frameTop({ title: props.title, notes: props.notes, width: props.rect.width, corners: props.borders === 'all', focused: props.focused })}
      />
      <box position="absolute" left={inside().left} top={inside().top} width={inside().width} height={Math.max(1, inside().height)} overflow="hidden">
        {props.children}
      </box>
    </box>
  );
}
