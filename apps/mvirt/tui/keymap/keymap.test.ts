import { expect, test } from 'bun:test';
import { prefixStep } from './console-prefix.ts';
import { keyLabel, keyName, keyText } from './key-name.ts';

const press = (name: string, more: Partial<Parameters<typeof keyName>[0]> = {}) => ({ name, ctrl: false, meta: false, shift: false, sequence: '', ...more });

test('a key has one name', () => {
  expect(keyName(press('a'))).toBe('a');
  expect(keyName(press('s', { shift: true }))).toBe('S');
  expect(keyName(press('?'))).toBe('?');
  expect(keyName(press('return'))).toBe('enter');
  expect(keyName(press('tab', { shift: true }))).toBe('shift+tab');
  expect(keyName(press('a', { ctrl: true }))).toBe('ctrl+a');
  expect(keyName(press('x', { meta: true }))).toBe('alt+x');
  expect(keyName(press('return', { ctrl: true }))).toBe('ctrl+enter');
  expect(keyName(press('escape', { meta: true }))).toBe('escape');
});

test('only printable keys type text', () => {
  expect(keyText(press('space'))).toBe(' ');
  expect(keyText(press('w', { shift: true }))).toBe('W');
  expect(keyText(press('é'))).toBe('é');
  for (const key of [press('a', { ctrl: true }), press('x', { meta: true }), press('return'), press('f1'), press('escape')]) expect(keyText(key)).toBeNull();
});

test('a key is written for people', () => {
  expect(['ctrl+a', 'shift+tab', 'enter', 'k', 'pageup'].map(keyLabel)).toEqual(['^a', 'Shift-Tab', '↵', 'k', 'PgUp']);
});

const typed = (keys: string[]) => {
  let state: Parameters<typeof prefixStep>[0] = 'idle';
  return keys.map((key) => {
    const step = prefixStep(state, key);
    state = step.state;
    const { action } = step;
    return action.kind === 'send' ? `${action.withPrefix ? '^a' : ''}${action.key ? key : ''}` : action.kind;
  });
};

test('in the console every key but the prefix goes to the guest', () => {
  expect(typed(['t', 'tab', 'escape', 'ctrl+c', 'q'])).toEqual(['t', 'tab', 'escape', 'ctrl+c', 'q']);
});

test('the prefix is held back until the next key', () => {
  expect(typed(['ctrl+a', 't', 't'])).toEqual(['none', 'leave', 't']);
  expect(typed(['ctrl+a', 'ctrl+a', 'x'])).toEqual(['none', '^a', 'x']);
  expect(typed(['ctrl+a', 'x', 'ctrl+a', 'z', 'ctrl+a', '['])).toEqual(['none', '^ax', 'none', 'zoom', 'none', 'scroll']);
});
