import { expect, test } from 'bun:test';
import { vmWord } from './vm-word.ts';

const web = { id: '0f0f0f0f-1', name: 'web' };

test('a name where it means that VM alone, else the id', () => {
  expect(vmWord(web, [])).toBe('web');
  expect(vmWord(web, [web, { id: 'b7', name: 'db' }])).toBe('web');
  expect(vmWord(web, [web, { id: 'b7', name: 'web' }])).toBe(web.id);
  expect(vmWord(web, [web, { id: 'web', name: 'db' }])).toBe(web.id);
  for (const name of [null, '', '-rf', 'a\nb']) expect(vmWord({ ...web, name }, [web])).toBe(web.id);
});

test('the beginning of another id counts from four characters on, as it does for commands', () => {
  const b = { id: '0f0f0f0f-1', name: 'b' };
  const beef = { id: '0e0e0e0e-2', name: 'beef' };
  const other = { id: 'beef0000-3', name: null };
  expect(vmWord(b, [b, beef, other])).toBe('b');
  expect(vmWord(beef, [b, beef, other])).toBe(beef.id);
});
