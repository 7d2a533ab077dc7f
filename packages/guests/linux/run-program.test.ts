import { expect, test } from 'bun:test';
import { runProgram } from './run-program.ts';

test('answers with both outputs', async () => {
  expect(await runProgram(['sh', '-c', 'echo out; echo err >&2'], { timeoutMs: 5000 })).toEqual({ stdout: 'out\n', stderr: 'err\n' });
});

test('a missing program names its Debian package', async () => {
  await expect(runProgram(['mvirt-no-such-program'], { timeoutMs: 5000 })).rejects.toMatchObject({
    code: 'PROGRAM_MISSING',
    hint: 'install the Debian package mvirt-no-such-program',
  });
});

test("a failure carries apt's own error line", async () => {
  const failed = runProgram(['sh', '-c', 'echo "W: warning" >&2; echo "E: no route" >&2; exit 100'], { timeoutMs: 5000 });
  await expect(failed).rejects.toMatchObject({ code: 'PROGRAM_FAILED', message: 'sh failed: E: no route' });
});

test('a deadline and a signal end the program', async () => {
  await expect(runProgram(['sleep', '100'], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  await expect(runProgram(['sleep', '100'], { timeoutMs: 5000, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'CANCELLED' });
});
