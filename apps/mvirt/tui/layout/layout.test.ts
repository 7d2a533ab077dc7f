import { expect, test } from 'bun:test';
import { headerLine } from './header-line.ts';
import { insideOf, layoutScreen, type PaneName, type Rect } from './screen-layout.ts';
import { fitSpans, span, spansText, spansWidth, spread } from './span.ts';
import { cellWidth, cut, fit, plainText } from './text.ts';
import { windowTop } from './window.ts';

const panes: PaneName[] = ['list', 'logs', 'console'];
const cells = (rect: Rect | null): number => (rect === null ? 0 : rect.width * rect.height);

test('at every size the parts tile the screen without a gap or an overlap', () => {
  for (let width = 1; width <= 220; width += 3) {
    for (let height = 1; height <= 70; height += 1) {
      for (const focus of panes) {
        for (const zoomed of [false, true]) {
          const layout = layoutScreen({ width, height, focus, zoomed });
          const rects = [layout.header, layout.footer, ...panes.map((pane) => layout.panes[pane])];
          const covered = rects.reduce((sum, rect) => sum + cells(rect), 0);
          expect(covered).toBe(width * height);
          for (const rect of rects) {
            if (rect === null) continue;
            expect(rect.left >= 0 && rect.top >= 0 && rect.width >= 1 && rect.height >= 1).toBe(true);
            expect(rect.left + rect.width <= width && rect.top + rect.height <= height).toBe(true);
          }
          expect(layout.panes[focus]).not.toBeNull();
        }
      }
    }
  }
});

test('80x24 shows all three panes', () => {
  const layout = layoutScreen({ width: 80, height: 24, focus: 'list', zoomed: false });
  expect(layout.mode).toBe('three');
  expect(layout.panes).toEqual({
    list: { left: 0, top: 1, width: 38, height: 21 },
    logs: { left: 38, top: 1, width: 42, height: 6 },
    console: { left: 38, top: 7, width: 42, height: 15 },
  });
});

test('a zoomed console has every column', () => {
  const layout = layoutScreen({ width: 80, height: 24, focus: 'console', zoomed: true });
  expect(insideOf(layout.panes.console ?? { left: 0, top: 0, width: 0, height: 0 }, layout.borders)).toEqual({ left: 0, top: 2, width: 80, height: 20 });
});

test('from 140 columns the console beside the list has 80', () => {
  const layout = layoutScreen({ width: 140, height: 40, focus: 'list', zoomed: false });
  expect(insideOf(layout.panes.console ?? { left: 0, top: 0, width: 0, height: 0 }, layout.borders).width).toBeGreaterThanOrEqual(80);
});

test('plain text holds nothing that could move the cursor', () => {
  expect(plainText('a\u001b[31mred\u001b[0m\u001b]0;title\u0007b\u001bPq\u001b\\c')).toBe('aredbc');
  expect(plainText('x\r\n\u0000\u009by\u202eevil\u200d\ufeff')).toBe('xyevil');
  expect(plainText('a\tb')).toBe('a b');
  expect(plainText('\u001b[31')).not.toContain('\u001b');
  expect(plainText('\ud800x')).toBe('\ufffdx');
});

test('cutting counts cells, never half of a wide character', () => {
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('日本語', 4)).toBe('日…');
  expect(cut('日本語', 6)).toBe('日本語');
  for (let width = 0; width < 12; width += 1) {
    for (const text of ['日本語テキスト', 'e\u0301e\u0301e\u0301e\u0301', '👍🏽👍🏽👍🏽', 'plain text that is long']) {
      expect(cellWidth(fit(text, width))).toBe(width);
      expect(spansWidth(fitSpans([span(text), span(text)], width))).toBe(width);
    }
  }
});

test('what stands at the right gives way', () => {
  expect(spansText(spread([span('left')], [span('right')], 12))).toBe('left   right');
  expect(spansText(spread([span('left')], [span('right')], 7))).toBe('left   ');
});

test('the window follows the selected row and moves as little as it can', () => {
  expect(windowTop({ top: 0, index: 0, rows: 10, total: 1000 })).toBe(0);
  expect(windowTop({ top: 0, index: 10, rows: 10, total: 1000 })).toBe(1);
  expect(windowTop({ top: 50, index: 20, rows: 10, total: 1000 })).toBe(20);
  expect(windowTop({ top: 995, index: 999, rows: 10, total: 1000 })).toBe(990);
  expect(windowTop({ top: 5, index: 1, rows: 10, total: 3 })).toBe(0);
});

const host = {
  hostname: 'lab-1',
  kernelVersion: '6.1',
  uptimeSeconds: 1,
  cpus: 12,
  memoryBytes: 62.7 * 1024 ** 3,
  availableMemoryBytes: 1,
  load: [0.42, 0.31, 0.2] as [number, number, number],
  allocatedCpus: 10,
  allocatedMemoryBytes: 4.5 * 1024 ** 3,
  running: 14,
  vms: 20,
};

test('the header leaves out what matters least, and the connection last', () => {
  const at = (width: number) =>
    spansText(headerLine({ width, host, running: 14, connection: { status: 'lost', attempts: 3, reason: 'no agent answers', hint: 'start it' } }));
  expect(at(140)).toContain('host: lab-1 │ CPU 10/12 │ RAM 4.5/62.7 GiB │ load 0.42 0.31 0.20 │ 14 running │ × agent lost, reconnecting (3)');
  expect(at(80)).toContain('14 running │ × agent lost, reconnecting (3)');
  expect(at(34)).toContain('× agent lost, reconnecting (3)');
  for (let width = 1; width < 160; width += 1) expect(cellWidth(at(width))).toBe(width);
});
