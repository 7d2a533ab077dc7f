export type PaneName = 'list' | 'logs' | 'console';

/** In cells, from the screen's top left. */
export type Rect = { left: number; top: number; width: number; height: number };

/** null: not on screen now. borders: how a pane is framed; `top` leaves the whole width to its content. */
export type ScreenLayout = {
  mode: 'three' | 'one';
  header: Rect | null;
  footer: Rect | null;
  panes: Record<PaneName, Rect | null>;
  borders: 'all' | 'top';
};

export type LayoutInput = { width: number; height: number; focus: PaneName; zoomed: boolean };

const smallestForThree = { width: 64, height: 16 };

/** Where everything is. Below 64x16, or zoomed, the focused pane has the screen for itself. */
export function layoutScreen({ width, height, focus, zoomed }: LayoutInput): ScreenLayout {
  const headerRows = height >= 6 ? 1 : 0;
  const footerRows = height >= 12 ? 2 : height >= 5 ? 1 : 0;
  const body: Rect = { left: 0, top: headerRows, width, height: Math.max(1, height - headerRows - footerRows) };
  const common = {
    header: headerRows > 0 ? { left: 0, top: 0, width, height: headerRows } : null,
    footer: footerRows > 0 ? { left: 0, top: height - footerRows, width, height: footerRows } : null,
  };
  if (zoomed || width < smallestForThree.width || height < smallestForThree.height) {
    const panes = { list: null, logs: null, console: null, [focus]: body };
    return { ...common, mode: 'one', panes, borders: 'top' };
  }
  return { ...common, mode: 'three', panes: threePanes(body), borders: 'all' };
}

function threePanes(body: Rect): Record<PaneName, Rect> {
  const listWidth = listWidthOf(body.width);
  const logsHeight = Math.max(4, Math.min(14, Math.floor(body.height * 0.3)));
  const right = { left: listWidth, width: body.width - listWidth };
  return {
    list: { left: 0, top: body.top, width: listWidth, height: body.height },
    logs: { ...right, top: body.top, height: logsHeight },
    console: { ...right, top: body.top + logsHeight, height: body.height - logsHeight },
  };
}

/** The list grows with the screen, but leaves a console of 80 columns where that is possible. */
function listWidthOf(width: number): number {
  const least = Math.max(30, Math.min(38, Math.floor(width * 0.475)));
  const beside80 = width - 82;
  return Math.max(least, Math.min(Math.floor(width * 0.45), beside80, 84));
}

/** What a pane has inside its frame. */
export function insideOf(rect: Rect, borders: ScreenLayout['borders']): Rect {
  const side = borders === 'all' ? 1 : 0;
  return {
    left: rect.left + side,
    top: rect.top + 1,
    width: Math.max(1, rect.width - 2 * side),
    height: Math.max(0, rect.height - 1 - side),
  };
}
