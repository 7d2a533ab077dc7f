import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Host, type ProcessIdentity, runFiles, type VmmSpawn } from '@mvirt/host';
import { waitFor } from './wait-for.ts';

/** A VMM that is no hypervisor (sh, cat…) in a run directory, ended with everything of it when disposed. */
export type TestVmm = AsyncDisposable & { process: ProcessIdentity; plan: VmmSpawn; console(): string; messages(): string };

export const testEnv = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };

let runs = 0;

export const spawnPlan = (runDir: string, argv: string[], more: Partial<VmmSpawn> = {}): VmmSpawn => ({
  runDir,
  argv,
  env: testEnv,
  exitFile: `exit-${++runs}`,
  input: 'fifo',
  ...more,
});

export async function startTestVmm(host: Host, runDir: string, argv: string[], more: Partial<VmmSpawn> = {}): Promise<TestVmm> {
  const plan = spawnPlan(runDir, argv, more);
  const process = await host.vmms.spawn(plan, { signal: AbortSignal.timeout(10_000) });
  return {
    process,
    plan,
    console: () => readText(join(runDir, runFiles.console)),
    messages: () => readText(join(runDir, runFiles.messages)),
    async [Symbol.asyncDispose]() {
      host.processes.signal(process, 'SIGKILL');
      await waitFor('the VMM to be gone', () => !host.processes.isAlive(process));
    },
  };
}

export const readText = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** The process's line of /proc/PID/status. */
export const statusField = (pid: number | string, name: string): string =>
  new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

/** What a run leaves in its directory on purpose. */
export const runLeaves = (file: string): boolean => /(^|\/)(console\.log|stdout\.log|serial\.in|vmm\.pid|exit-\d+)$/.test(file) || /(^|\/)d+$/.test(file);
