import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { MvirtError, type ProcessIdentity, type RunRecord } from '@mvirt/domain';
import { type Host, runFiles } from '@mvirt/host';
import type { Clock } from '../clock.ts';
import type { LaunchRequest, Vmm } from '../driver.ts';
import { sleep } from '../sleep.ts';
import { makeEventFile } from './event-file.ts';
import type { LaunchPlan } from './launch-plan.ts';
import { statusReply } from './qmp-replies.ts';
import { filesOf, isRunFile } from './run-files.ts';
import { startWords } from './start-words.ts';
import { createQemuVmm, type QemuVmm } from './vmm.ts';
import type { Watchdog } from './watchdog.ts';

export type LaunchDeps = { host: Host; clock: Clock; watchdog: Watchdog };

/** From spawn to running vCPUs; QEMU takes 0.05 s, a loaded host much longer. */
const startMs = 30_000;
const endMs = 5000;
const lastWordsMs = 1000;

/** Carries a launch plan out. On failure or abort: the VMM is ended and its files are gone, but for its logs. */
export async function launchQemu(deps: LaunchDeps, plan: LaunchPlan, request: LaunchRequest, { signal }: { signal: AbortSignal }): Promise<Vmm> {
  const { host, clock, watchdog } = deps;
  const { run } = request;
  await using undo = new AsyncDisposableStack();
  mkdirSync(run.runDir, { recursive: true, mode: 0o700 });
  removeRunFiles(run.runDir);
  undo.defer(() => removeRunFiles(run.runDir));
  for (const { from, to } of plan.copies) privateCopy(from, join(run.runDir, to));
  const saidBefore = sizeOf(join(run.runDir, runFiles.messages));
  const events = makeEventFile(run, host.files);
  undo.defer(() => events[Symbol.dispose]());

  const messages = { path: join(run.runDir, runFiles.messages), from: saidBefore };
  const process = await spawnVmm(host, run, plan, messages, signal);
  undo.defer(() => endProcess(host, clock, process, run));
  request.onSpawned(process);

  const vmm = createQemuVmm({ host, clock, watchdog, events, run: { ...run, process } });
  undo.defer(() => vmm.close());
  const limit = AbortSignal.timeout(startMs);
  try {
    await orEnded(untilRunning(vmm, clock, AbortSignal.any([signal, limit])), vmm, clock);
  } catch (error) {
    signal.throwIfAborted();
    if (vmm.hasGone()) throw await ended(host, run, messages);
    if (!limit.aborted) throw error;
    throw startFailed(`QEMU did not start within ${startMs / 1000} s: ${startWords(messages.path, messages.from) ?? 'it said nothing'}`);
  }
  undo.move();
  return vmm;
}

type Messages = { path: string; from: number };

/** The runner sees a VMM that ends at once; what it said is put in our words. */
async function spawnVmm(host: Host, run: RunRecord, plan: LaunchPlan, messages: Messages, signal: AbortSignal): Promise<ProcessIdentity> {
  try {
    return await host.vmms.spawn({ runDir: run.runDir, argv: plan.argv, env: {}, exitFile: filesOf(run).exit, input: 'fifo' }, { signal });
  } catch (error) {
    const words = startWords(messages.path, messages.from);
    if (words === null || signal.aborted) throw error;
    throw startFailed(`QEMU said: ${words}`, error);
  }
}

/** QEMU's end breaks the line before the kernel tells of it: whichever comes first, the end is what counts. */
async function orEnded(work: Promise<void>, vmm: QemuVmm, clock: Clock): Promise<void> {
  try {
    await Promise.race([work, vmm.gone]);
  } catch (error) {
    if (!vmm.link.connected()) await Promise.race([vmm.gone, sleep(clock, lastWordsMs)]);
    throw error;
  }
  if (vmm.hasGone()) throw new MvirtError({ code: 'START_FAILED', message: 'QEMU ended' });
}

async function ended(host: Host, run: RunRecord, messages: Messages): Promise<MvirtError> {
  const exit = await host.vmms.waitExit(run.runDir, filesOf(run).exit, { timeoutMs: lastWordsMs });
  const words = startWords(messages.path, messages.from);
  const status = exit?.signal ? `ended by signal ${exit.signal}` : `exited with status ${exit?.status ?? 'unknown'}`;
  return startFailed(`QEMU ${words === null ? status : `said: ${words}`}`);
}

const startFailed = (message: string, cause?: unknown): MvirtError => new MvirtError({ code: 'START_FAILED', message, cause });

async function untilRunning(vmm: QemuVmm, clock: Clock, signal: AbortSignal): Promise<void> {
  // The socket is there some 30 ms after the spawn: asked often at first, and never more than every 20 ms later on.
  for (let pauseMs = 1; !(await vmm.link.connect()); pauseMs = Math.min(pauseMs * 1.5, 20)) await sleep(clock, pauseMs, signal);
  await vmm.link.ready({ timeoutMs: startMs, signal });
  for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, 20)) {
    const { running } = await vmm.link.call('query-status', {}, statusReply, { signal, timeoutMs: startMs });
    if (running) break;
    await sleep(clock, pauseMs, signal);
  }
  vmm.drain();
}

async function endProcess(host: Host, clock: Clock, process: ProcessIdentity, run: RunRecord): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _end = host.processes.onEnd(process, resolve);
  host.processes.signal(process, 'SIGKILL');
  await Promise.race([promise, sleep(clock, endMs)]);
  // The shim writes after the end: its file must not appear after all else is gone.
  await host.vmms.waitExit(run.runDir, filesOf(run).exit, { timeoutMs: lastWordsMs });
}

function removeRunFiles(runDir: string): void {
  for (const name of readdirSync(runDir)) if (isRunFile(name)) rmSync(join(runDir, name), { force: true });
}

/** The copy is the guest's own to write, whatever the original's mode is. */
function privateCopy(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
