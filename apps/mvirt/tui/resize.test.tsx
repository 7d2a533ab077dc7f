import { expect, test } from 'bun:test';
import { fakeVm } from './testing/fake-agent.ts';
import { expectWhole, openUi } from './testing/open-ui.tsx';

/** The same numbers at every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fff_ffff;
    return Math.floor((state / 0x7fff_ffff) * below);
  };
}

test('resizing at any moment, to any size, breaks no frame and loses nothing of the console', async () => {
  await using open = await openUi({ width: 80, height: 24 });
  open.fake.vms({ kind: 'snapshot', vms: [fakeVm({ name: 'vm-0', state: 'running' })] });
  await open.frame();
  open.fake.toConsole('id-vm-0', { kind: 'live', cursor: 'log:1' });
  const next = random(7);
  const keys = ['TAB', 'UP', 'DOWN', 'ENTER', 'a', 'z', '?', 'ESC', '^a', 't'];
  for (let round = 0; round < 300; round += 1) {
    const size = { width: 20 + next(281), height: 6 + next(75) };
    open.fake.print('id-vm-0', `\u001b[3${round % 8}mline ${round} 日本語 ${'x'.repeat(next(200))}\r\n`);
    if (round % 7 === 0) open.fake.print('id-vm-0', `\u001b[?1049h\u001b[${next(90)};${next(300)}Hfull screen\u001b[2;5r`);
    if (round % 7 === 3) open.fake.print('id-vm-0', '\u001b[r\u001b[?1049l');
    open.screen.resize(size.width, size.height);
    expectWhole(await open.keys(keys[next(keys.length)] ?? 'ESC'), size);
  }
  open.screen.resize(100, 30);
  open.fake.print('id-vm-0', '\u001b[r\u001b[999;1H\r\nafter the storm');
  await open.keys('^a', 't', 'ESC', 'ESC', 'ESC');
  if (open.ui.zoomed()) await open.keys('z');
  const frame = await open.frame();
  expectWhole(frame, { width: 100, height: 30 });
  expect(frame).toContain('after the storm');
  expect(frame).toContain('line 299 日本語');
});
