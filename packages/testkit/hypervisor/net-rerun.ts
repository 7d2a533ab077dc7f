import { spawn } from 'node:child_process';
import { once } from 'node:events';

const flag = 'MVIRT_TEST_NET_NAMESPACE';

/** True in a test process that was started in a network namespace of its own. */
export const insideNetNamespace = process.env[flag] === 'yes';

export const mayMakeNetNamespace = process.getuid?.() === 0;

/** Runs the tests of a file whose names match once more, in a new network namespace that ends with them. */
export async function rerunInNetNamespace(file: string, pattern: string, timeoutMs: number): Promise<{ status: number | null; output: string }> {
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
