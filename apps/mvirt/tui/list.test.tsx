import { expect, test } from 'bun:test';
import { fakeVm } from './testing/fake-agent.ts';
import { expectWhole, openUi } from './testing/open-ui.tsx';
import { everyState } from './testing/samples.ts';

const small = { width: 80, height: 24 };
const large = { width: 140, height: 40 };

test('marks are what actions are done to, and a filter hides them from them', async () => {
  await using open = await openUi(small);
  open.fake.vms({ kind: 'snapshot', vms: ['db', 'web-1', 'web-2'].map((name) => fakeVm({ name, state: 'running' })) });
  let frame = await open.keys(' ', ' ');
  expect(frame).toMatch(/VMs ─+ 2 marked · 3 ┐/);
  expect(frame).toMatch(/│✓● db /);
  expect(frame).toContain('$ mvirt stop db web-1');
  frame = await open.keys('k');
  expect(frame).toContain('kill 2 VMs?');
  expect(frame).toContain('db, web-1 are powered off at once');
  await open.keys('y');
  expect(open.fake.calls.splice(0)).toEqual([
    { action: 'kill', id: 'id-db' },
    { action: 'kill', id: 'id-web-1' },
  ]);
  await open.screen.waitForFrame((text) => text.includes('kill: 2 VMs: done'));
  await open.keys('/', 'w', 'e', 'b', 'ENTER', 'S');
  expect(open.fake.calls.splice(0)).toEqual([{ action: 'stop', id: 'id-web-1' }]);
  await open.keys('ESC', 'ESC');
  expect(await open.keys('*')).toContain('3 marked · 3');
  expect(await open.keys('*')).toMatch(/VMs ─+ 3 ┐/);
});

test('of several, those that fail are counted and the first is told', async () => {
  await using open = await openUi(large);
  open.fake.vms({ kind: 'snapshot', vms: ['a', 'b', 'c'].map((name) => fakeVm({ name })) });
  open.fake.answers.act = async (_action, id) => {
    if (id === 'id-b') throw new Error('it broke');
    return { vm: fakeVm({ id, state: 'running' }), changed: true, note: null };
  };
  await open.keys('*', 's');
  await open.screen.waitForFrame((text) => /start: 2 done, 1 not: .*it broke/.test(text));
});

test('sorting goes on by a key or a click, shows itself, and keeps the selection', async () => {
  await using open = await openUi(large);
  const vms = [fakeVm({ name: 'a', memoryBytes: 1024 ** 3 }), fakeVm({ name: 'b', memoryBytes: 4 * 1024 ** 3, state: 'running' }), fakeVm({ name: 'c' })];
  open.fake.vms({ kind: 'snapshot', vms });
  const names = () => open.ui.vms.shown().map((vm) => vm.name);
  expect(await open.keys('j', 'j')).toContain('NAME↑');
  expect(await open.keys('o')).toContain('STATE↑');
  expect(names()).toEqual(['b', 'a', 'c']);
  await open.keys('o', 'o');
  expect(await open.frame()).toContain('MEM↓');
  expect(names()[0]).toBe('b');
  expect(await open.keys('O')).toContain('MEM↑');
  expect(names().at(-1)).toBe('b');
  expect(open.ui.vms.selected()?.name).toBe('c');
  await open.screen.mockMouse.click(4, 2);
  expect(await open.frame()).toContain('NAME↑');
  await open.screen.mockMouse.click(4, 2);
  expect(await open.frame()).toContain('NAME↓');
  expect(names()).toEqual(['c', 'b', 'a']);
});

test('CPU figures come with their past, and order the list', async () => {
  await using open = await openUi(large);
  const usage = (percents: Record<string, number>) => Object.entries(percents).map(([id, cpuPercent]) => ({ id, cpuPercent, rssBytes: 0 }));
  let figures = usage({ 'id-a': 20, 'id-b': 5 });
  open.fake.answers.usage = async () => figures;
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'a', state: 'running' }), fakeVm({ name: 'b', state: 'running' })] });
  await open.keys('o', 'o');
  open.timers.pass(2000);
  await open.screen.waitForFrame((text) => /a +running .* 20%/.test(text));
  expect(open.ui.vms.shown().map((vm) => vm.name)).toEqual(['a', 'b']);
  figures = usage({ 'id-a': 20, 'id-b': 200 });
  open.timers.pass(2000);
  await open.screen.waitForFrame((text) => /b +running .* 200% +▁█/.test(text));
  expect(open.ui.vms.shown().map((vm) => vm.name)).toEqual(['b', 'a']);
});

test('the filter looks at names, ids, addresses and labels', async () => {
  await using open = await openUi(small);
  open.fake.vms({
    kind: 'snapshot',
    vms: [
      fakeVm({ name: 'a', nics: [{ mac: 'm', tap: null, network: null, kept: [], addresses: ['192.0.2.7'] }] }),
      fakeVm({ name: 'b', labels: { role: 'front' } }),
      fakeVm({ id: 'cafe', name: null }),
    ],
  });
  expect(await open.keys('/', '2', '.', '7')).toContain('1/3 /2.7');
  expect(await open.keys('^u', 'r', 'o', 'l', 'e', '=')).toContain('1/3 /role=');
  expect(await open.keys('^u', 'c', 'a', 'f')).toContain('1/3 /caf');
  await open.screen.mockInput.pasteBracketedText('e\nmore');
  expect(await open.frame()).toContain('1/3 /cafe▏');
});

test('a thousand VMs that change move nothing that is not seen', async () => {
  await using open = await openUi(small);
  const many = Array.from({ length: 1000 }, (_, index) => fakeVm({ name: `vm-${String(index).padStart(4, '0')}`, state: 'running' }));
  open.fake.vms({ kind: 'snapshot', vms: [...everyState(), ...many] });
  const before = await open.frame();
  for (let index = 500; index < 550; index += 1) open.fake.vms({ kind: 'changed', vm: fakeVm({ name: `vm-0${index}`, state: 'stopped' }) });
  const after = await open.frame();
  expectWhole(after, small);
  expect(after.split('\n').slice(1)).toEqual(before.split('\n').slice(1));
});
