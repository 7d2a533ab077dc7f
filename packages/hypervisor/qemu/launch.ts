import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import { runFiles, type VmmSpawn } from '@mvirt/host';
import type { Clock } from '../clock.ts';
import type { LaunchRequest, Vmm } from '../driver.ts';
import { endedAtStart, endProcess, prepareRunDir, sizeOf, spawnVmm, startFailed } from '../launch-parts.ts';
import { sleep, untilYes } from '../sleep.ts';
import type { DriverDeps } from '../vmm-deps.ts';
import { makeEventFile } from './event-file.ts';
import type { LaunchPlan } from './launch-plan.ts';
import { statusReply } from './qmp-replies.ts';
import { filesOf } from './run-files.ts';
import { startWords } from './start-words.ts';
import { createQemuVmm, type QemuVmm } from './vmm.ts';

/** From spawn to running vCPUs; QEMU takes 0.05 s, a loaded host much longer. */
const startMs = 30_000;
const lastWordsMs = 1000;

/** Carries a launch plan out. On failure or abort: the VMM is ended and its files are gone, but for its logs. */
export async function launchQemu(deps: DriverDeps, plan: LaunchPlan, request: LaunchRequest, { signal }: { signal: AbortSignal }): Promise<Vmm> {
  const { host, clock, watchdog } = deps;
  const { run } = request;
  await using undo = new AsyncDisposableStack();
  undo.use(prepareRunDir(run.runDir));
  for (const { from, to } of plan.copies) privateCopy(from, join(run.runDir, to));
  const messages = join(run.runDir, runFiles.messages);
  const saidBefore = sizeOf(messages);
  const words = () => startWords(messages, saidBefore);
  const events = makeEventFile(run, host.files);
  undo.defer(() => events[Symbol.dispose]());

  const spawn: VmmSpawn = { runDir: run.runDir, argv: plan.argv, env: {}, exitFile: filesOf(run).exit, input: 'fifo' };
  const process = await spawnVmm(host, 'QEMU', spawn, words, signal);
  undo.defer(() => endProcess(host, clock, process, spawn));
  request.onSpawned(process);

  const vmm = createQemuVmm({ host, clock, watchdog, events, run: { ...run, process } });
  undo.defer(() => vmm.close());
  const limit = AbortSignal.timeout(startMs);
  try {
    await orEnded(untilRunning(vmm, clock, AbortSignal.any([signal, limit])), vmm, clock);
  } catch (error) {
    signal.throwIfAborted();
    if (vmm.hasGone()) throw await endedAtStart(host, 'QEMU', spawn, words);
    if (!limit.aborted) throw error;
    throw startFailed(`QEMU did not start within ${startMs / 1000} s: ${words() ?? 'it said nothing'}`);
  }
  undo.move();
  return vmm;
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

async function untilRunning(vmm: QemuVmm, clock: Clock, signal: AbortSignal): Promise<void> {
  // The socket is there some 30 ms after the spawn.
  await untilYes(clock, () => vmm.link.connect(), signal);
  await vmm.link.ready({ timeoutMs: startMs, signal });
  const isRunning = async () => (await vmm.link.call('query-status', {}, statusReply, { signal, timeoutMs: startMs })).running;
  await untilYes(clock, isRunning, signal);
  vmm.drain();
}

/** The copy is the guest's own to write, whatever the original's mode is. */
function privateCopy(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o600);
}
