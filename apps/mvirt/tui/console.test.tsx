import { expect, test } from 'bun:test';
import type { RGBA } from '@opentui/core';
import { type ThemeName, themeNames } from '../cli/theme-names.ts';
import { fakeVm } from './testing/fake-agent.ts';
import { expectWhole, openUi } from './testing/open-ui.tsx';
import { attribute } from './theme/theme.ts';

const size = { width: 100, height: 24 };

async function withGuest(theme?: ThemeName) {
  const open = await openUi(theme ? { ...size, theme } : size);
  open.fake.vms({
    kind: 'snapshot',
    vms: [fakeVm({ name: 'web-1', state: 'running' }), fakeVm({ name: 'web-2', state: 'running' }), fakeVm({ name: 'web-3' })],
  });
  await open.frame();
  return open;
}

const live = { kind: 'live', cursor: 'log:9' } as const;
const text = (open: Awaited<ReturnType<typeof withGuest>>) => open.fake.typed.map((each) => `${each.id}:${each.text}`).join('|');

test('history and live output are shown with colours and wide characters, in bytes split anywhere', async () => {
  await using open = await withGuest('dark');
  const bytes = new TextEncoder().encode('\u001b[31mred\u001b[0m 日本語 end\r\n');
  for (const byte of bytes) open.fake.print('id-web-1', new Uint8Array([byte]));
  open.fake.toConsole('id-web-1', live);
  open.fake.print('id-web-1', 'now');
  const frame = await open.frame();
  expectWhole(frame, size);
  expect(frame).toContain('red 日本語 end');
  expect(frame).toContain('now');
  const red = open.screen
    .captureSpans()
    .lines.flatMap((line) => line.spans)
    .find((each) => each.text.startsWith('red'));
  const [r, g, b] = red?.fg.toInts() ?? [0, 0, 0];
  expect(r > g + 60 && r > b + 60).toBe(true);
});

/** How the guest's text looks: colours as the terminal gets them, and whether the terminal turns them over. */
async function looks(theme: ThemeName, written: string) {
  await using open = await withGuest(theme);
  open.fake.print('id-web-1', written);
  await open.frame();
  const spans = open.screen.captureSpans().lines.flatMap((line) => line.spans);
  const name = (colour: RGBA) =>
    colour.intent === 'default' ? 'default' : colour.intent === 'indexed' ? `${colour.slot}` : colour.toInts().slice(0, 3).join(',');
  return (text: string) => {
    const found = spans.find((each) => each.text.includes(text));
    return found === undefined ? null : { fg: name(found.fg), bg: name(found.bg), inverse: (found.attributes & attribute.inverse) !== 0 };
  };
}

const coloured = 'plain \u001b[7mturned\u001b[0m \u001b[31;44mred\u001b[0m \u001b[7;32mgreen\u001b[0m \u001b[38;5;208mcube\u001b[0m';

test("a guest's default colours and its turned ones are the theme's", async () => {
  for (const [theme, fg, bg] of [
    ['dark', '213,218,226', '15,20,25'],
    ['light', '36,41,47', '251,252,253'],
  ] as const) {
    const look = await looks(theme, coloured);
    expect(look('plain')).toEqual({ fg, bg, inverse: false });
    expect(look('turned')).toEqual({ fg: bg, bg: fg, inverse: false });
  }
});

test('of sixteen colours the terminal gets its own, and turns its own defaults over', async () => {
  const look = await looks('ansi', coloured);
  expect(look('plain')).toEqual({ fg: 'default', bg: 'default', inverse: false });
  expect(look('turned')).toEqual({ fg: 'default', bg: 'default', inverse: true });
  expect(look('red')).toEqual({ fg: '1', bg: '4', inverse: false });
  expect(look('green')).toEqual({ fg: '2', bg: 'default', inverse: true });
  expect(look('cube')).toEqual({ fg: '11', bg: 'default', inverse: false });
});

test('without colours what stood out still does', async () => {
  const look = await looks('plain', coloured);
  for (const text of ['plain', 'cube']) expect(look(text)).toEqual({ fg: 'default', bg: 'default', inverse: false });
  for (const text of ['turned', 'red', 'green']) expect(look(text)).toEqual({ fg: 'default', bg: 'default', inverse: true });
});

test.each(themeNames)('%s: a guest may set and reset its colours, and the next run begins with ours', async (theme) => {
  const fresh = (await looks(theme, 'plain \u001b[31mred'))('red');
  await using open = await withGuest(theme);
  open.fake.print('id-web-1', '\u001b]4;1;#00ff00\u0007\u001b]11;#ffffff\u0007\u001b]104\u0007');
  open.fake.toConsole('id-web-1', { kind: 'run', running: true, cursor: 'log:2' });
  open.fake.print('id-web-1', 'plain \u001b[31mred');
  await open.frame();
  const red = open.screen
    .captureSpans()
    .lines.flatMap((line) => line.spans)
    .find((each) => each.text.includes('red'));
  expect(red?.fg.intent).toBe(fresh?.fg === 'default' ? 'default' : /^\d+$/.test(fresh?.fg ?? '') ? 'indexed' : 'rgb');
  if (red?.fg.intent === 'rgb') expect(red.fg.toInts().slice(0, 3).join(',')).toBe(fresh?.fg ?? '');
});

test('every key but the prefix goes to the guest, in order', async () => {
  await using open = await withGuest();
  open.fake.toConsole('id-web-1', live);
  expect(await open.keys('ENTER')).toContain('keys go to web-1 · 60x13 · ^a t leaves');
  await open.keys('l', 's', 'ENTER', 'TAB', '^c', 'q', '^z');
  expect(open.fake.typed.map((each) => each.text).join('')).toBe('ls\r\t\u0003q\u001a');
  expect(open.seen).toEqual({ quit: 0, suspended: 0 });
  open.fake.typed.length = 0;
  expect(await open.keys('^a')).toContain('t leaves · z zooms');
  await open.keys('^a', '^a', 'x');
  expect(open.fake.typed.map((each) => each.text).join('')).toBe('\u0001\u0001x');
  await open.keys('^a', 'z');
  expect(open.ui.zoomed()).toBe(true);
  await open.keys('^a', 't');
  expect(open.ui.focus()).toBe('list');
});

test('function keys, Alt and arrows reach the guest as a terminal sends them', async () => {
  await using open = await withGuest();
  await open.keys('ENTER', 'F5', 'UP');
  open.screen.mockInput.pressKey('x', { meta: true });
  await open.frame();
  expect(open.fake.typed.map((each) => each.text).join('')).toBe('\u001b[15~\u001b[A\u001bx');
});

test('a paste goes to the guest, bracketed where it asked for that', async () => {
  await using open = await withGuest();
  await open.keys('ENTER');
  await open.screen.mockInput.pasteBracketedText('one\ntwo');
  open.fake.print('id-web-1', '\u001b[?2004h');
  await open.screen.mockInput.pasteBracketedText('three');
  expect(text(open)).toBe('id-web-1:one\rtwo|id-web-1:\u001b[200~three\u001b[201~');
});

test('only questions that the guest asks now are answered, and only by the console that is typed into', async () => {
  await using open = await withGuest();
  open.fake.print('id-web-1', 'old\u001b[6n');
  await open.keys('ENTER');
  open.fake.print('id-web-1', '\u001b[6n');
  open.fake.toConsole('id-web-1', live);
  expect(text(open)).toBe('');
  open.fake.print('id-web-1', '\u001b[6n');
  expect(text(open)).toBe('id-web-1:\u001b[1;4R');
  await open.keys('^a', 't');
  open.fake.typed.length = 0;
  open.fake.print('id-web-1', '\u001b[6n');
  expect(text(open)).toBe('');
});

const questions = {
  'where the cursor is': ['\u001b[6n', '\u001b[2;3R'],
  'the same in DEC form': ['\u001b[?6n', '\u001b[?2;3R'],
  'whether it is well': ['\u001b[5n', '\u001b[0n'],
  'what it is': ['\u001b[c', '\u001b[?62;22c'],
  'the same the old way': ['\u001bZ', '\u001b[?62;22c'],
  'which version it is': ['\u001b[>c', '\u001b[>1;10;0c'],
  'how large it is': ['\u001b[18t', '\u001b[8;13;60t'],
  'whether it brackets pastes': ['\u001b[?2004$p', '\u001b[?2004;2$y'],
  'what its background is': ['\u001b]11;?\u0007', '\u001b]11;rgb:0f0f/1414/1919\u0007'],
};

test.each(Object.entries(questions))('a program that asks %s is answered once, behind its question', async (_, [question = '', answer = '']) => {
  await using open = await withGuest('dark');
  await open.keys('ENTER');
  open.fake.toConsole('id-web-1', live);
  open.fake.print('id-web-1', '\r\nab');
  const whole = new TextEncoder().encode(`${question}rest`);
  open.fake.toConsole('id-web-1', { kind: 'data', bytes: whole, cursor: `log:${1000 + whole.length}` });
  expect(open.fake.typed).toEqual([{ id: 'id-web-1', text: answer, answering: `log:${1000 + question.length}` }]);
  // The same, cut anywhere: the place of the question is the same to every viewer.
  for (let cut = 1; cut < question.length; cut += 1) {
    open.fake.typed.length = 0;
    open.fake.print('id-web-1', '\u001b[2;3H');
    open.fake.toConsole('id-web-1', { kind: 'data', bytes: whole.subarray(0, cut), cursor: `log:${1000 + cut}` });
    open.fake.toConsole('id-web-1', { kind: 'data', bytes: whole.subarray(cut), cursor: `log:${1000 + whole.length}` });
    await open.frame();
    expect(open.fake.typed).toEqual([{ id: 'id-web-1', text: answer, answering: `log:${1000 + question.length}` }]);
  }
  expect(await open.frame()).toContain('abrest');
});

test('after a lost connection nothing is answered until the stream is live again', async () => {
  await using open = await withGuest();
  open.fake.toConsole('id-web-1', live);
  await open.keys('ENTER');
  open.fake.lose();
  open.fake.connection({ status: 'connected' });
  open.fake.print('id-web-1', '\u001b[6n');
  expect(text(open)).toBe('');
  open.fake.toConsole('id-web-1', live);
  open.fake.print('id-web-1', '\u001b[6n');
  expect(text(open)).toBe('id-web-1:\u001b[1;1R');
});

test('a connection of the console alone that was lost makes what is caught up on the past', async () => {
  await using open = await withGuest();
  open.fake.toConsole('id-web-1', live);
  await open.keys('ENTER');
  open.fake.toConsole('id-web-1', { kind: 'interrupted' });
  expect(await open.frame()).toContain('interrupted');
  open.fake.print('id-web-1', '\u001b[6n');
  open.fake.toConsole('id-web-1', live);
  expect(text(open)).toBe('');
  expect(await open.frame()).toContain('keys go to web-1');
});

test('a stream that ends is opened again where it was', async () => {
  await using open = await withGuest();
  open.fake.print('id-web-1', 'before ');
  const [stream] = open.fake.consoleStreams;
  expect(stream?.from).toEqual({ kind: 'tail', bytes: 262_144 });
  stream?.handlers.onEnd(new Error('gone'));
  expect(await open.frame()).toContain('interrupted');
  open.fake.consoleStreams.clear();
  open.timers.pass(1000);
  expect([...open.fake.consoleStreams].map((each) => each.from)).toEqual([{ kind: 'cursor', cursor: 'log:1' }]);
  open.fake.print('id-web-1', 'after');
  expect(await open.frame()).toContain('before after');
});

test('going through VMs fast opens no stream but the last, and never mixes two', async () => {
  await using open = await withGuest();
  open.fake.print('id-web-1', 'ONE');
  const first = [...open.fake.consoleStreams][0];
  await open.keys('DOWN', 'DOWN', 'UP');
  expect(open.fake.consoleStreams.size).toBe(0);
  expect(open.fake.logStreams.size).toBe(0);
  first?.handlers.onData({ kind: 'data', bytes: new TextEncoder().encode('LATE'), cursor: 'log:3' });
  open.timers.pass(100);
  await open.frame();
  expect([...open.fake.consoleStreams].map((each) => each.id)).toEqual(['id-web-2']);
  open.fake.print('id-web-2', 'TWO');
  const frame = await open.frame();
  expect(frame).toContain('TWO');
  expect(frame).not.toMatch(/ONE|LATE/);
});

test("a stopped VM's console stays readable and takes no keys", async () => {
  await using open = await withGuest();
  await open.keys('G');
  open.timers.pass(100);
  await open.frame();
  open.fake.print('id-web-3', 'last words');
  open.fake.toConsole('id-web-3', live);
  const frame = await open.keys('ENTER');
  expect(frame).toContain('last words');
  expect(frame).toContain('stopped · 60x13 · ^a t leaves');
  expect(await open.keys('x', 'y')).toContain('web-3 is stopped: its console takes no keys');
  expect(open.fake.typed).toEqual([]);
  await open.keys('TAB');
  expect(open.ui.focus()).toBe('list');
});

test('a guest that ends while its user types turns no typing into commands', async () => {
  await using open = await withGuest();
  await open.keys('ENTER', 'h', 'i');
  open.fake.vms({ kind: 'changed', vm: fakeVm({ name: 'web-1' }) });
  await open.keys('d', 'y', 'TAB', 'd', 'y', 'q');
  expect(open.ui.focus()).toBe('console');
  expect(open.fake.calls).toEqual([]);
  expect(open.seen.quit).toBe(0);
});

test('where the VM that is typed into is deleted, no other gets the keys', async () => {
  await using open = await withGuest();
  await open.keys('ENTER', 'h');
  open.fake.vms({ kind: 'removed', id: 'id-web-1' });
  expect(open.ui.focus()).toBe('list');
  open.timers.pass(100);
  await open.keys('x');
  expect(text(open)).toBe('id-web-1:h');
});

test("a run's beginning and dropped output stand as lines of their own, and undo what the guest before had set", async () => {
  await using open = await withGuest();
  open.fake.print('id-web-1', '\u001b[?1049h\u001b[44mfull screen program');
  open.fake.toConsole('id-web-1', { kind: 'run', running: false, cursor: 'log:2' });
  open.fake.toConsole('id-web-1', { kind: 'run', running: true, cursor: 'log:2' });
  open.fake.toConsole('id-web-1', { kind: 'resync', cursor: 'log:5', lostBytes: 4096, reason: 'dropped' });
  const frame = await open.frame();
  expect(frame).toContain('── the VM ended ──');
  expect(frame).toContain('── the VM was started ──');
  expect(frame).toContain('── older output was dropped (4096 bytes) ──');
  expect(frame).not.toContain('full screen program');
});

test('scrolling back shows the past and stays there while output comes', async () => {
  await using open = await withGuest();
  for (let line = 0; line < 100; line += 1) open.fake.print('id-web-1', `line ${line}\r\n`);
  await open.keys('ENTER', '^a', '[');
  let frame = await open.keys('g');
  expect(frame).toContain('line 0 ');
  expect(frame).toContain('scrolled back');
  open.fake.print('id-web-1', 'more\r\n');
  frame = await open.frame();
  expect(frame).toContain('line 0 ');
  await open.keys('x');
  expect(open.fake.typed).toEqual([]);
  frame = await open.keys('q');
  expect(frame).toContain('more');
});

test('random bytes from a guest never leave its pane', async () => {
  await using open = await withGuest();
  let seed = 42;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return seed / 0x7fff_ffff;
  };
  for (let round = 0; round < 20; round += 1) {
    open.fake.print(
      'id-web-1',
      Uint8Array.from({ length: 4096 }, () => (random() < 0.2 ? 27 : random() * 256)),
    );
    const frame = await open.frame();
    const rows = frame.split('\n');
    for (const row of rows.slice(1, 22)) expect(row.startsWith('│') || row.startsWith('┌') || row.startsWith('└')).toBe(true);
    expect(rows[7]).toContain('Console  web-1');
    expect(rows[22]).toContain('c create');
  }
});

test('a program that asked for the mouse gets it where its console is typed into; a click elsewhere only brings the focus', async () => {
  await using open = await withGuest();
  open.fake.toConsole('id-web-1', live);
  open.fake.print('id-web-1', '\u001b[?1000;1006h');
  await open.frame();
  const [x, y] = [48, 12];
  await open.screen.mockMouse.click(x, y);
  await open.frame();
  expect(open.ui.focus()).toBe('console');
  expect(open.fake.typed).toEqual([]);
  await open.screen.mockMouse.click(x, y);
  // Of the guest's screen, whose first cell is 1;1.
  expect(text(open)).toBe('id-web-1:\u001b[<0;10;5M|id-web-1:\u001b[<0;10;5m');
});

test('the wheel scrolls back, also where the list has the focus', async () => {
  await using open = await withGuest();
  for (let line = 0; line < 100; line += 1) open.fake.print('id-web-1', `line ${line}\r\n`);
  await open.frame();
  await open.screen.mockMouse.scroll(48, 12, 'up');
  expect(await open.frame()).toContain('line 85 ');
  await open.screen.mockMouse.scroll(48, 12, 'down');
  expect(await open.frame()).not.toContain('line 85 ');
  expect(open.ui.focus()).toBe('list');
  expect(open.fake.typed).toEqual([]);
});

test('what is marked with the mouse is copied as text, without colours and without the blanks at the ends of lines', async () => {
  await using open = await withGuest();
  open.fake.print('id-web-1', '\u001b[31mfirst\u001b[0m 日本\r\nsecond line\r\n');
  await open.frame();
  await open.screen.mockMouse.drag(39, 8, 44, 9);
  expect(await open.frame()).toContain('copied');
  expect(open.copied).toEqual(['first 日本\nsecond']);
});

test('the frame tells the size that a guest may be told', async () => {
  await using open = await openUi({ width: 120, height: 30 });
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'web-1', state: 'running' })] });
  await open.frame();
  open.fake.toConsole('id-web-1', live);
  expect(await open.keys('ENTER')).toContain('keys go to web-1 · 80x17 · ^a t leaves');
});
