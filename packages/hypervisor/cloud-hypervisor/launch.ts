import { join } from 'node:path';
import { runFiles, type VmmSpawn } from '@mvirt/host';
import type { Clock } from '../clock.ts';
import type { LaunchRequest, Vmm } from '../driver.ts';
import { endedAtStart, endProcess, prepareRunDir, sizeOf, spawnVmm, startFailed } from '../launch-parts.ts';
import { sleep, untilYes } from '../sleep.ts';
import type { DriverDeps } from '../vmm-deps.ts';
import { makeEventFile } from './event-file.ts';
import { NotListening } from './exchange.ts';
import type { LaunchPlan } from './launch-plan.ts';
import { ApiRefusal, asMvirt } from './refusal.ts';
import { filesOf } from './run-files.ts';
import { startWords } from './start-words.ts';
import { missingTap } from './taps.ts';
import { type CloudHypervisorVmm, createCloudHypervisorVmm } from './vmm.ts';

const name = 'cloud-hypervisor';
/** From spawn to running vCPUs; it takes 0.02 s, a loaded host or much memory longer. */
const startMs = 30_000;
const lastWordsMs = 1000;

/** Carries a launch plan out. On failure or abort: the VMM is ended, never asked again, and its files are gone, but for its logs. */
export async function launchCloudHypervisor(deps: DriverDeps, plan: LaunchPlan, request: LaunchRequest, { signal }: { signal: AbortSignal }): Promise<Vmm> {
  const { host, clock, watchdog } = deps;
  const { run } = request;
  const missing = missingTap(run.nics);
  if (missing !== null) throw startFailed(missing);
  await using undo = new AsyncDisposableStack();
  undo.use(prepareRunDir(run.runDir));
  const messages = join(run.runDir, runFiles.messages);
  const saidBefore = sizeOf(messages);
  const words = () => startWords(messages, saidBefore);
  const events = makeEventFile(run, host.files);

  const spawn: VmmSpawn = { runDir: run.runDir, argv: plan.argv, env: {}, exitFile: filesOf(run).exit, input: 'pty' };
  const process = await spawnVmm(host, name, spawn, words, signal);
  undo.defer(() => endProcess(host, clock, process, spawn));
  request.onSpawned(process);

  const vmm = createCloudHypervisorVmm({ host, clock, watchdog, events, run: { ...run, process } });
  undo.defer(() => vmm.close());
  const limit = AbortSignal.timeout(startMs);
  try {
    await boot(vmm, plan, clock, AbortSignal.any([signal, limit]));
  } catch (error) {
    signal.throwIfAborted();
    // The line breaks before the kernel tells of the end.
    if (!(error instanceof ApiRefusal)) await Promise.race([vmm.gone, sleep(clock, lastWordsMs)]);
    if (vmm.hasGone()) throw await endedAtStart(host, name, spawn, words);
    if (error instanceof ApiRefusal) throw startFailed(error.message, error, asMvirt(error).hint);
    if (!limit.aborted) throw error;
    throw startFailed(`${name} did not start within ${startMs / 1000} s: ${words() ?? 'it said nothing'}`, error);
  }
  vmm.booted();
  vmm.drain();
  undo.move();
  return vmm;
}

async function boot(vmm: CloudHypervisorVmm, { config }: LaunchPlan, clock: Clock, signal: AbortSignal): Promise<void> {
  const options = { signal, timeoutMs: startMs };
  await untilYes(clock, () => created(vmm, config, options), signal);
  await vmm.link.put('vm.boot', null, options);
}

/** false: nobody listens yet. */
async function created(vmm: CloudHypervisorVmm, config: LaunchPlan['config'], options: { signal: AbortSignal; timeoutMs: number }): Promise<boolean> {
  try {
    await vmm.link.put('vm.create', config, options);
    return true;
  } catch (error) {
    if (!(error instanceof NotListening)) throw error;
    if (vmm.hasGone()) throw new Error('it has ended');
    return false;
  }
}
