import { expect, test } from 'bun:test';
import { existsSync, readFileSync } from 'node:fs';
import { waitFor } from '@mvirt/testkit/wait-for';
import { pumped } from './pumped.ts';

async function run(script: string) {
  const written = { out: '', err: '' };
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const ended = await pumped(
    ['sh', '-c', script],
    async (bytes) => {
      written.out += decode(bytes);
    },
    async (bytes) => {
      written.err += decode(bytes);
    },
  );
  return { ...ended, ...written };
}

test('all output is handed on, with the exit status', async () => {
  const { out, err, ...ended } = await run('head -c 3000000 /dev/zero | tr "\\0" x; echo wrong >&2; exit 3');
  expect(ended).toEqual({ exitCode: 3, left: [] });
  expect(out.length).toBe(3_000_000);
  expect(err).toBe('wrong\n');
});

test('a process that was left with the output in its hands is not waited for, but killed and named', async () => {
  const { left, exitCode, out } = await run('sleep 54321 & echo before; exit 0');
  expect({ exitCode, out, argv: left.map(({ argv }) => argv) }).toEqual({ exitCode: 0, out: 'before\n', argv: ['sleep 54321'] });
  for (const { pid } of left) await waitFor('it is gone', () => ended(pid));
});

test('one that goes on writing is not waited for either', async () => {
  const { left, exitCode } = await run('setsid sh -c "while :; do echo more; done" & exit 0');
  expect({ exitCode, left: left.length }).toEqual({ exitCode: 0, left: 1 });
  for (const { pid } of left) await waitFor('it is gone', () => ended(pid));
});

/** Also where nobody has asked for its status yet: a zombie has no command line. */
const ended = (pid: number): boolean => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/cmdline`).length === 0;
