import { expect, test } from 'bun:test';
import { isBeforeExec, parseExit, shimArgv } from './shim.ts';

test('an exit file says what a shell says', () => {
  expect(parseExit('0\n')).toEqual({ status: 0, signal: null });
  expect(parseExit('1\n')).toEqual({ status: 1, signal: null });
  expect(parseExit('128\n')).toEqual({ status: 128, signal: null });
  expect(parseExit('137\n')).toEqual({ status: null, signal: 'SIGKILL' });
  expect(parseExit('134\n')).toEqual({ status: null, signal: 'SIGABRT' });
  expect(parseExit('139\n')).toEqual({ status: null, signal: 'SIGSEGV' });
  expect(parseExit('137 oom\n')).toEqual({ status: null, signal: 'SIGKILL', outOfMemory: true });
  expect(parseExit('137 no-oom\n')).toEqual({ status: null, signal: 'SIGKILL', outOfMemory: false });
  expect(parseExit('1 no-oom\n')).toEqual({ status: 1, signal: null });
  expect(parseExit('163\n')).toEqual({ status: null, signal: 'SIG35' });
});

test('what is not whole says nothing', () => {
  for (const text of ['', '1', '13', '\n', 'x\n', '-1\n', '1234\n', '137 oo\n', '137 oom']) expect(parseExit(text)).toBeNull();
});

test("the shim's and setpriv's command lines are told from the VMM's own", () => {
  const setpriv = '/usr/bin/setpriv';
  const command = [setpriv, '--no-new-privs', '--', '/usr/bin/vmm', '-x'];
  expect(isBeforeExec(shimArgv({ sh: '/bin/sh', mv: '/bin/mv', rmdir: '/bin/rmdir', runDir: '/run', exitFile: 'exit', place: null, command }), setpriv)).toBe(
    true,
  );
  expect(isBeforeExec(command, setpriv)).toBe(true);
  expect(isBeforeExec(['/usr/bin/vmm', '-x'], setpriv)).toBe(false);
  expect(isBeforeExec(['/bin/sh', '-c', 'a VMM that is a script'], setpriv)).toBe(false);
});
