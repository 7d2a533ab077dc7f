import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, MvirtError, type ProcessIdentity } from '@mvirt/domain';
import type { Host, VmmSpawn } from '@mvirt/host';
import type { Clock } from './clock.ts';
import { isRunFile } from './run-files.ts';
import { sleep } from './sleep.ts';

const endMs = 5000;
const lastWordsMs = 1000;

/** The seed image as every guest gets it: the last disk, read-only. */
export const seedDisk = (path: string): Disk => ({ path, readonly: true, format: 'raw' });

export const isUuid = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);

export const startFailed = (message: string, cause?: unknown, hint?: string): MvirtError =>
  new MvirtError({ code: 'START_FAILED', message, cause, ...(hint === undefined ? {} : { hint }) });

/** A launch that was given up is told as such, whatever it failed with on its way out. */
export async function orCancelled<T>(launch: Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await launch;
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new MvirtError({ code: 'CANCELLED', message: 'the start was given up', cause: error });
  }
}

/** A run directory without files of earlier runs; disposed: without this run's either. The logs stay. */
export function prepareRunDir(runDir: string): Disposable {
  const clean = () => {
    for (const name of readdirSync(runDir)) if (isRunFile(name)) rmSync(join(runDir, name), { force: true });
  };
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  clean();
  return { [Symbol.dispose]: clean };
}

/** What the VMM has said since then, in its own words; null: nothing. */
export type Words = () => string | null;

/** name: the hypervisor's. The runner sees a VMM that ends at once; what it said is put in our words. */
export async function spawnVmm(host: Host, name: string, plan: VmmSpawn, words: Words, signal: AbortSignal): Promise<ProcessIdentity> {
  try {
    return await host.vmms.spawn(plan, { signal });
  } catch (error) {
    const said = words();
    if (said === null || signal.aborted) throw error;
    throw startFailed(`${name} said: ${said}`, error);
  }
}

/** Why a start failed whose process has ended. */
export async function endedAtStart(host: Host, name: string, { runDir, exitFile }: VmmSpawn, words: Words): Promise<MvirtError> {
  const exit = await host.vmms.waitExit(runDir, exitFile, { timeoutMs: lastWordsMs });
  const said = words();
  const status = exit?.signal ? `ended by signal ${exit.signal}` : `exited with status ${exit?.status ?? 'unknown'}`;
  return startFailed(`${name} ${said === null ? status : `said: ${said}`}`);
}

/** Kills a VMM and waits until it is gone, its shim's last word included: no file may appear after all else is gone. */
export async function endProcess(host: Host, clock: Clock, process: ProcessIdentity, { runDir, exitFile }: VmmSpawn): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _end = host.processes.onEnd(process, resolve);
  host.processes.signal(process, 'SIGKILL');
  await Promise.race([promise, sleep(clock, endMs)]);
  await host.vmms.waitExit(runDir, exitFile, { timeoutMs: lastWordsMs });
}

export const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
