import { expect, test } from 'bun:test';
import { copyPaths, scpPaths } from './copy-paths.ts';

const args = (source: string, destination: string) => scpPaths(copyPaths(source, destination, '/here'), 'host');

test.each([
  ['a', 'web:b', '/here/a', 'host:b'],
  ['dir/', 'web:', '/here/dir/', 'host:'],
  ['/', 'web:/x', '/', 'host:/x'],
  ['./a:b', 'web:c:d', '/here/a:b', 'host:c:d'],
  ['-rf', 'web:-x', '/here/-rf', 'host:-x'],
  ['sub/we:b', 'web:/tmp/*', '/here/sub/we:b', 'host:/tmp/*'],
  ['a\nb', 'web:~/a b', '/here/a\nb', 'host:~/a b'],
  ['web:/etc/a b', '.', 'host:/etc/a b', '/here'],
  ['web:a*[?]{x}\\', 'out', 'host:a\\*\\[\\?\\]\\{x\\}\\\\', '/here/out'],
  ['web:a\nb', '/tmp', 'host:a\nb', '/tmp'],
])('%j to %j', (source, destination, first, second) => {
  expect(args(source, destination)).toEqual([first, second]);
});

test('the VM is what stands before the first colon', () => {
  expect(copyPaths('web:a:b', 'x', '/here')).toEqual({ vm: 'web', remote: 'a:b', direction: 'from-vm', local: '/here/x' });
});

test.each([
  ['a', 'b', 'neither is in a guest'],
  ['web:a', 'db:b', 'both are in guests'],
  ['', 'web:b', 'a path is empty'],
  ['web:b', '', 'a path is empty'],
  [':a', 'b', 'neither is in a guest'],
])('%j to %j is refused', (source, destination, message) => {
  expect(() => copyPaths(source, destination, '/here')).toThrow(message);
});
