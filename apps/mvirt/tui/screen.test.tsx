import { expect, test } from 'bun:test';
import type { Vm } from '@mvirt/api/schema';
import { MvirtError } from '@mvirt/domain';
import { helpLines } from './layout/help-lines.ts';
import { spansText } from './layout/span.ts';
import { fakeVm } from './testing/fake-agent.ts';
import { expectWhole, openUi } from './testing/open-ui.tsx';
import { everyState } from './testing/samples.ts';

const small = { width: 80, height: 24 };
const large = { width: 140, height: 40 };

for (const size of [small, large]) {
  test(`every state has a symbol and a word at ${size.width}x${size.height}`, async () => {
    await using open = await openUi(size);
    open.fake.vms({ kind: 'snapshot', vms: everyState() });
    const frame = await open.frame();
    expectWhole(frame, size);
    expect(frame).toContain('? help');
    for (const row of [
      /● web-1 +running/,
      /! web-2 +silent/,
      /○ db +stopped/,
      /× crashed +failed/,
      /◐ booting +starting/,
      /◑ ending +stopping/,
      /‖ frozen +paused/,
    ]) {
      expect(frame).toMatch(row);
    }
    expect(frame).toContain('5 running │ ● agent');
    expect(frame).toMatch(/┌ VMs ─+ 7 ┐/);
  });
}

test('hostile names and lines stay inside their panes', async () => {
  await using open = await openUi(small);
  const name = '\u001b[2J\u001b]0;x\u0007日本\u202e語\r\n👩‍👩‍👧 very very long name that does not fit';
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ id: 'x', name })] });
  open.fake.log('x', { level: 'error', text: `a\u001b[31mb\r\n\u0007c 日本語 ${'long '.repeat(100)}` });
  const frame = await open.frame();
  expectWhole(frame, small);
  const rows = frame.split('\n');
  for (const row of rows.slice(2, 6)) expect(row).toMatch(/^│.*││.*│$/);
  expect(frame).toContain('× abc');
});

test('only rows that are seen exist, and the selection survives changes', async () => {
  await using open = await openUi(small);
  const many = Array.from({ length: 1000 }, (_, index) => fakeVm({ name: `vm-${String(index).padStart(4, '0')}`, state: 'running' }));
  open.fake.vms({ kind: 'snapshot', vms: many });
  let frame = await open.keys('G');
  expect(frame).toContain('vm-0999');
  expect(frame.match(/vm-\d{4} /g)?.length).toBeLessThan(30);
  expect(open.ui.vms.selected()?.name).toBe('vm-0999');
  open.fake.vms({ kind: 'changed', vm: fakeVm({ name: 'vm-0999', state: 'stopped' }) });
  open.fake.vms({ kind: 'changed', vm: fakeVm({ name: 'aaa', state: 'stopped' }) });
  frame = await open.frame();
  expect(open.ui.vms.selected()?.name).toBe('vm-0999');
  expect(frame).toMatch(/○ vm-0999 +stopped/);
  open.fake.vms({ kind: 'removed', id: 'id-vm-0999' });
  await open.frame();
  expect(open.ui.vms.selected()?.name).toBe('vm-0998');
});

test('the filter counts as one types', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: everyState() });
  expect(await open.keys('/', 'w', 'e', 'b')).toMatch(/VMs ─+ 2\/7 \/web▏/);
  expect(await open.keys('x')).toContain('no VM matches');
  expect(await open.keys('BACKSPACE', 'ENTER')).toMatch(/2\/7 \/web ┐/);
  expect(await open.keys('ESC')).toMatch(/VMs ─+ 7 ┐/);
});

test('a key that cannot act is greyed and says why', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'web-1', state: 'running', unavailable: { kill: 'this hypervisor cannot' } })] });
  expect(await open.keys('s')).toContain('start: web-1 is running already');
  expect(await open.keys('d')).toContain('delete: web-1 is running; stop it first');
  expect(await open.keys('k')).toContain('kill: this hypervisor cannot');
  expect(open.fake.calls).toEqual([]);
  const spans = open.screen.captureSpans().lines.at(-2)?.spans ?? [];
  const colour = (text: string) => spans.find((each) => each.text.trim() === text)?.fg.toString();
  expect(colour('start')).not.toBe(colour('stop'));
});

test('start and stop act at once and show the line that does the same', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'db' })] });
  const answer = Promise.withResolvers<never>();
  open.fake.answers.act = () => answer.promise;
  expect(await open.keys('s')).toMatch(/db: start … +\$ mvirt start db/);
  open.timers.pass(1000);
  open.timers.pass(1000);
  expect(await open.frame()).toMatch(/db: start … 2 s +\$ mvirt start db/);
  expect(open.fake.calls).toEqual([{ action: 'start', id: 'id-db' }]);
  answer.reject(new Error('it broke'));
  await open.screen.waitForFrame((frame) => frame.includes('it broke'));
  open.fake.vms({ kind: 'changed', vm: fakeVm({ name: 'db', state: 'running' }) });
  await open.keys('S');
  expect(open.fake.calls[1]).toEqual({ action: 'stop', id: 'id-db' });
});

test('while a log is searched, the line that shows the log stays', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'db', state: 'running' })] });
  expect(await open.keys('TAB')).toContain('$ mvirt logs -f db');
  const searching = await open.keys('/');
  expect(searching).toContain('$ mvirt logs -f db');
  expect(searching).not.toContain('mvirt stop');
});

test('a message stays until somebody goes on after having had time to read it', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'a', state: 'running' }), fakeVm({ name: 'b' })] });
  await open.keys('s');
  expect(await open.keys('j')).toContain('start: a is running already');
  open.timers.pass(4000);
  expect(await open.frame()).toContain('start: a is running already');
  expect(await open.keys('j')).not.toContain('running already');
});

test('kill and delete ask, and name what is lost', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'web-1', state: 'running' })] });
  const frame = await open.keys('k');
  expectWhole(frame, small);
  expect(frame).toContain('kill web-1?');
  expect(frame).toContain('not yet written to disk is lost');
  await open.keys('x', 'ENTER', 'n');
  expect(open.fake.calls).toEqual([]);
  await open.keys('k', 'y');
  expect(open.fake.calls).toEqual([{ action: 'kill', id: 'id-web-1' }]);
  open.fake.vms({ kind: 'changed', vm: fakeVm({ name: 'web-1', disks: [{ path: '/srv/a.raw', readonly: false, format: 'raw' }] }) });
  expect(await open.keys('d')).toContain('/srv/a.raw');
  await open.keys('y');
  expect(open.fake.calls[1]).toEqual({ action: 'delete', id: 'id-web-1' });
});

test('what is confirmed while the agent is away is not done later', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'web-1', state: 'running' })] });
  await open.keys('k');
  open.fake.lose();
  expect(await open.keys('y')).toContain('web-1: kill: the agent cannot be reached');
  open.fake.connection({ status: 'connected' });
  await open.keys('c', 'x', 'DOWN', 'DOWN', 'DOWN', '/', 'k');
  open.fake.lose();
  await open.keys('^ENTER');
  await open.screen.waitForFrame((frame) => frame.includes('× the agent cannot be reached'));
  expect(open.fake.calls).toEqual([]);
});

test('a form that was closed before the answer came changes nothing under its user', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'web-1', state: 'running' })] });
  const answer = Promise.withResolvers<{ vm: Vm; warnings: string[] }>();
  open.fake.answers.create = () => answer.promise;
  await open.keys('c', 'x', 'DOWN', 'DOWN', 'DOWN', '/', 'k', '^ENTER', 'ESC', 'ENTER', 'l');
  answer.resolve({ vm: fakeVm({ name: 'x' }), warnings: [] });
  await open.screen.waitForFrame((frame) => frame.includes('x was created'));
  expect(open.ui.focus()).toBe('console');
  expect(open.ui.vms.selected()?.name).toBe('web-1');
});

test('a lost agent shows at once, the last data stay, and it recovers', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: everyState() });
  await open.frame();
  open.fake.lose(3);
  const frame = await open.frame();
  expectWhole(frame, small);
  expect(frame).toContain('× agent lost, reconnecting (3)');
  expect(frame).toMatch(/● web-1 +running/);
  expect(await open.keys('s')).toContain('start: the agent cannot be reached');
  open.fake.connection({ status: 'connected' });
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'new' })] });
  const after = await open.frame();
  expect(after).toContain('● agent');
  expect(after).toContain('the agent is back');
  expect(after).toMatch(/○ new +stopped/);
});

test('without any agent the screen says how to get one', async () => {
  await using open = await openUi(large);
  open.fake.lose(1);
  const frame = await open.frame();
  expect(frame).toContain('no agent answers at /run/mvirt/agent.sock');
  expect(frame).toContain('start it with: mvirt agent');
});

test('the form shows each error beside its field, and the agent gets what was typed', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [] });
  await open.keys('c', 'W', 'e', 'b', 'DOWN', 'DOWN', 'DOWN', 'DOWN', 'x', '^ENTER');
  let frame = await open.screen.waitForFrame((text) => text.includes('× must be an absolute path'));
  expectWhole(frame, small);
  expect(frame).toMatch(/Name +Web/);
  expect(frame).toContain('× must be 1 to 63 of a-z 0-9 - and not start or end with a dash');
  expect(frame).toContain('× must be an absolute path');
  expect(open.fake.calls).toEqual([]);
  await open.keys('BACKSPACE', 'BACKSPACE', 'BACKSPACE', 'w', '1', 'TAB', 'TAB', 'TAB', 'TAB', 'BACKSPACE', '/', 'k');
  await open.keys('S-TAB', 'TAB', 'TAB', 'TAB', 'TAB', 'TAB', 'BACKSPACE', 'x', '^ENTER');
  await open.screen.waitForFrame((text) => text.includes('× "51x" is not a size'));
  frame = await open.keys('BACKSPACE', '9', 'TAB', 'TAB', 'TAB', 'TAB');
  expect(frame).toContain('$ mvirt create --name w1 --kernel /k --memory 519 --network default');
  open.fake.answers.create = async () => {
    throw new Error('no room');
  };
  await open.keys('ENTER');
  await open.screen.waitForFrame((text) => text.includes('no room'));
  open.fake.answers.create = async () => ({ vm: fakeVm({ name: 'w1' }), warnings: [] });
  await open.keys('ENTER');
  await open.screen.waitForFrame((text) => text.includes('w1 was created'));
  expect(open.fake.calls.at(-1)?.input).toMatchObject({ name: 'w1', kernel: '/k', memoryMib: 519, vcpus: 1, disks: [], nics: [{ tap: null, mac: null }] });
  expect(open.ui.vms.selected()?.name).toBe('w1');
});

test('an image is chosen among those that are stored, and what is wrong with it or its size stands beside it', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [] });
  open.fake.answers.listImages = async () => [
    { name: 'debian-12', sizeBytes: 3 * 2 ** 30 },
    { name: 'noble', sizeBytes: 2 ** 31 },
  ];
  await open.keys('c', 'TAB', '^o');
  await open.screen.waitForFrame((text) => text.includes('debian-12') && text.includes('noble'));
  await open.keys('n', 'o', 'b', 'ENTER', 'TAB', 'x', '^ENTER');
  const wrong = await open.screen.waitForFrame((text) => text.includes('× "x" is not a size'));
  expect(wrong).toMatch(/Image +noble/);
  await open.keys('BACKSPACE', '1', 'G');
  open.fake.answers.create = async () => {
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: 'disk-size: 1073741824 bytes are less than the image noble has, 2147483648' });
  };
  await open.keys('^ENTER');
  const refusal = await open.screen.waitForFrame((text) => text.includes('× 1073741824 bytes are less than the image'));
  expect(refusal).toContain('$ mvirt create --image noble --disk-size 1G --network default');
  expect(open.fake.calls.at(-1)?.input).toMatchObject({ image: 'noble', diskSizeBytes: 2 ** 30, disks: [] });
});

test('small and tiny terminals show one pane, and no size breaks the frame', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: everyState() });
  for (const size of [
    { width: 40, height: 12 },
    { width: 12, height: 5 },
    { width: 3, height: 2 },
    { width: 2, height: 2 },
    { width: 200, height: 60 },
  ]) {
    open.screen.resize(size.width, size.height);
    for (const keys of [['TAB'], ['TAB'], ['^a', 't'], ['c'], ['ESC'], ['?'], ['ESC']]) expectWhole(await open.keys(...keys), size);
  }
  open.screen.resize(40, 12);
  expect(await open.frame()).not.toContain('Logs');
});

test('a pane that filled the screen has its frame and title again', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: everyState() });
  const before = await open.keys('TAB');
  expect(await open.keys('z')).toMatch(/^─ Logs {2}booting ─+ follow ─$/m);
  expect(await open.keys('z')).toBe(before);
});

test('the help lists every command with its keys', async () => {
  await using open = await openUi(large);
  open.fake.vms({ kind: 'snapshot', vms: everyState() });
  const frame = await open.keys('?');
  const shown = open.ui.commands.filter((command) => ['list', 'logs', 'details'].some((mode) => command.when.some((each) => each === mode)));
  const lines = helpLines(shown, open.ui.view()).map(spansText).join('\n');
  for (const command of shown) expect(lines).toContain(command.title);
  expect(frame).toContain('type into the VM');
  expect(frame).not.toContain('^a [');
  expect(await open.keys('G')).toContain('^a [');
  expect(await open.keys('x')).toContain('Esc closes');
  expect(await open.keys('q')).not.toContain('Esc closes');
});

test('q and Ctrl-C quit, Ctrl-Z suspends', async () => {
  await using open = await openUi(small);
  await open.keys('q');
  expect(open.seen).toEqual({ quit: 1, suspended: 0 });
  await open.keys('^c', '^z');
  expect(open.seen).toEqual({ quit: 2, suspended: 1 });
});

test('a click focuses and selects, the wheel scrolls', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: everyState() });
  await open.frame();
  await open.screen.mockMouse.click(5, 5);
  expect(open.ui.vms.index()).toBe(2);
  await open.screen.mockMouse.click(50, 3);
  expect(open.ui.focus()).toBe('logs');
  await open.screen.mockMouse.click(50, 12);
  expect(open.ui.focus()).toBe('console');
  await open.screen.mockMouse.scroll(5, 4, 'down');
  expect(open.ui.vms.index()).toBe(5);
});

test('scrolling the log up stops following and counts what came', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'db' })] });
  for (let line = 0; line < 50; line += 1) open.fake.log('id-db', { text: `line ${line}` });
  expect(await open.frame()).toContain('line 49');
  await open.keys('TAB', 'UP');
  open.fake.log('id-db', { text: 'line 50' });
  open.fake.log('id-db', { text: 'line 51' });
  let frame = await open.frame();
  expect(frame).toContain('2 more below');
  expect(frame).toContain('line 48');
  expect(frame).not.toContain('line 49');
  frame = await open.keys('G');
  expect(frame).toContain('line 51');
  expect(frame).toContain('follow');
});

test('without colours nothing is coloured, a guest neither', async () => {
  await using open = await openUi({ ...small, theme: 'plain' });
  open.fake.vms({ kind: 'snapshot', vms: everyState() });
  open.fake.print('id-booting', '\u001b[38;2;200;10;10mred\u001b[0m');
  await open.frame();
  const intents = new Set(open.screen.captureSpans().lines.flatMap((line) => line.spans.flatMap((each) => [each.fg.intent, each.bg.intent])));
  expect([...intents]).toEqual(['default']);
});

test('with 16 colours a guest gets no others', async () => {
  await using open = await openUi({ ...small, theme: 'ansi' });
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'db' })] });
  open.fake.print('id-db', '\u001b[38;2;200;10;10mred\u001b[38;5;200mpink');
  expect(await open.frame()).toContain('redpink');
  const colours = open.screen.captureSpans().lines.flatMap((line) => line.spans.flatMap((each) => [each.fg, each.bg]));
  for (const colour of colours) expect(colour.intent === 'default' || (colour.intent === 'indexed' && colour.slot < 16)).toBe(true);
});
