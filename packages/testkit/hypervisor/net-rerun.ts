import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const flag = 'MVIRT_TEST_NET_NAMESPACE';

/** True in a test process that was started in a network namespace of its own. */
export const insideNetNamespace = process.env[flag] === 'yes';

const mayMakeNetNamespace = process.getuid?.() === 0;

/** Runs the tests of a file whose names match once more, in a new network namespace that ends with them. */
async function rerunInNetNamespace(file: string, pattern: string, timeoutMs: number): Promise<{ status: number | null; output: string }> {
  const argv = ['--net', '--kill-child', process.execPath, 'test', file, '-t', pattern];
  const child = spawn('unshare', argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, [flag]: 'yes' }, timeout: timeoutMs });
  let output = '';
  const hear = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
  };
  child.stdout.on('data', hear);
  child.stderr.on('data', hear);
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}

/** A test that runs the NIC cases of its own file, so many of them, in a network namespace; there, none. missing: why they cannot be run. */
export function nicCasesInNamespace(file: string, { cases, timeoutMs, missing = null }: { cases: number; timeoutMs: number; missing?: string | null }): void {
  if (insideNetNamespace) return;
  test.skipIf(!mayMakeNetNamespace || missing !== null)(
    'the NIC cases, in a network namespace',
    async () => {
      const { status, output } = await rerunInNetNamespace(file, 'a NIC is plugged', timeoutMs);
      if (status !== 0) console.log(output);
      expect(status).toBe(0);
      expect(output).toMatch(new RegExp(`\\n ${cases} pass\\n`));
    },
    timeoutMs + 10_000,
  );
}
