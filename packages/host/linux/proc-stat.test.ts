import { expect, test } from 'bun:test';
import { isLiving, parseProcStat } from './proc-stat.ts';

const line = (command: string, state = 'S') =>
  `4711 (${command}) ${state} 17 4711 4711 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 987654 1000000 200 18446744073709551615 1 1 0\n`;

test('the fields are counted from the last parenthesis', () => {
  for (const command of ['cat', 'tmux: server', 'a) S (b', ')', '(', '', ') Z 1 2 3', 'new\nline']) {
    expect(parseProcStat(line(command))).toEqual({ command, state: 'S', parentPid: 17, cpuTicks: 300, startTicks: 987654 });
  }
});

test('what is no such line gives null', () => {
  for (const text of ['', '4711', '4711 (cat', '4711 (cat) S', ')(']) expect(parseProcStat(text)).toBeNull();
});

test('zombies and the dead are not living', () => {
  const living = (state: string) => {
    const stat = parseProcStat(line('cat', state));
    return stat !== null && isLiving(stat);
  };
  expect(['R', 'S', 'D', 'T', 't', 'I'].map(living)).toEqual([true, true, true, true, true, true]);
  expect(['Z', 'X', 'x'].map(living)).toEqual([false, false, false]);
});
