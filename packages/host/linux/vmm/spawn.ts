import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, constants, lstatSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MvirtError } from '@mvirt/domain';
import { openToAppend, readEnd, readPlain } from '../../plain-file.ts';
import type { Processes, ProcessIdentity } from '../../process.ts';
import type { Programs } from '../../programs.ts';
import { runFiles, type VmmSpawn } from '../../vmm.ts';
import { effectiveCapabilities } from '../capabilities.ts';
import { makeFifo } from '../fifo.ts';
import type { Libc } from '../libc.ts';
import { readProc } from '../proc.ts';
import { missing } from '../programs.ts';
import { readExit } from './exit-file.ts';
import { makeGroup, removeGroup } from './group.ts';
import { setprivArgv } from './privileges.ts';
import { openPty } from './pty.ts';
import { lookForScope } from './scope.ts';
import { isBeforeExec, shimArgv } from './shim.ts';

export type SpawnDeps = { libc: Libc; processes: Processes; programs: Pick<Programs, 'find'> };

const startDeadlineMs = 10_000;
const endDeadlineMs = 5_000;
const pollMs = 2;
const tailBytes = 4096;

export async function spawnVmm(deps: SpawnDeps, plan: VmmSpawn, signal: AbortSignal): Promise<ProcessIdentity> {
  const setpriv = need(deps.programs, 'setpriv');
  const [name = '', ...args] = plan.argv;
  const command = setprivArgv(setpriv, effectiveCapabilities(), [need(deps.programs, name), ...args]);
  const [sh, mv, rmdir] = [need(deps.programs, 'sh'), need(deps.programs, 'mv'), need(deps.programs, 'rmdir')];
  throwIfAborted(signal, plan);

  await using undo = new AsyncDisposableStack();
  const runFile = (file: string) => join(plan.runDir, file);
  const own = [plan.exitFile, `${plan.exitFile}.new`, runFiles.pid, runFiles.fifo].map(runFile);
  const removeOwn = () => {
    for (const path of own) rmSync(path, { force: true });
  };
  orStartFailed(plan, () => {
    mkdirSync(plan.runDir, { recursive: true, mode: 0o700 });
    removeOwn();
  });
  undo.defer(removeOwn);
  const scope = lookForScope(plan, deps.programs.find);
  const group = scope === null ? makeGroup(plan.runDir) : null;
  if (group !== null) undo.defer(() => removeGroup(group));
  const [, ...shArgs] = shimArgv({ sh, mv, rmdir, runDir: plan.runDir, exitFile: plan.exitFile, place: scope ?? group, command });
  const messagesFrom = sizeOf(runFile(runFiles.messages));
  const shim = orStartFailed(plan, () => startShim(deps.libc, plan, sh, shArgs));
  let vmm: ProcessIdentity | null = null;
  undo.defer(() => endAll(deps.processes, shim, vmm));
  const startFailed = (why: string) => {
    const words = tail(runFile(runFiles.messages), messagesFrom);
    const message = `${name}: ${why}${words === '' ? '' : `: ${words}`}`;
    return new MvirtError({ code: 'START_FAILED', message });
  };

  const started = await settled(shim);
  if (started instanceof Error) throw startFailed(started.message);
  const deadline = performance.now() + startDeadlineMs;
  for (;;) {
    throwIfAborted(signal, plan);
    const exit = readExit(plan.runDir, plan.exitFile);
    if (exit !== null) throw startFailed(exit.signal === null ? `ended at once with exit status ${exit.status}` : `ended at once by ${exit.signal}`);
    if (shim.exitCode !== null || shim.signalCode !== null) throw startFailed('its parent process ended at once');
    const pid = readPid(runFile(runFiles.pid));
    if (pid !== null) vmm ??= deps.processes.identify(pid);
    if (vmm !== null && hasExecuted(vmm.pid, setpriv)) break;
    if (performance.now() > deadline) throw startFailed(`not started within ${startDeadlineMs} ms`);
    await delay(pollMs);
  }
  undo.move();
  return vmm;
}

function need(programs: Pick<Programs, 'find'>, name: string): string {
  return programs.find(name) ?? missing(name);
}

function throwIfAborted(signal: AbortSignal, plan: VmmSpawn): void {
  if (signal.aborted) throw new MvirtError({ code: 'CANCELLED', message: `the start in ${plan.runDir} was given up`, cause: signal.reason });
}

function orStartFailed<T>(plan: VmmSpawn, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new MvirtError({ code: 'START_FAILED', message: `${plan.argv[0]} could not be started in ${plan.runDir}: ${why}`, cause: error });
  }
}

/** Its descriptors are the VMM's: 0 the serial line, 1 console.log, 2 stdout.log, with a PTY also 3, its master. */
function startShim(libc: Libc, plan: VmmSpawn, sh: string, args: string[]): ChildProcess {
  using ours = new DisposableStack();
  const own = (fd: number) => {
    ours.defer(() => closeSync(fd));
    return fd;
  };
  const output = ours.use(openToAppend(join(plan.runDir, runFiles.console))).fd;
  const messages = ours.use(openToAppend(join(plan.runDir, runFiles.messages))).fd;
  const line = plan.input === 'pty' ? openPty(libc) : openFifo(libc, join(plan.runDir, runFiles.fifo));
  const stdio = [own(line.slave), output, messages, ...(line.master === null ? [] : [own(line.master)])];
  const shim = spawn(sh, args, { cwd: plan.runDir, env: plan.env, stdio, detached: true });
  shim.unref();
  return shim;
}

/** Open for both directions, so that it never sees an end when a writer goes. */
function openFifo(libc: Libc, path: string): { slave: number; master: null } {
  makeFifo(libc, path);
  return { slave: openSync(path, constants.O_RDWR | constants.O_NOFOLLOW), master: null };
}

/** Whether the shim itself could be started. */
function settled(shim: ChildProcess): Promise<Error | null> {
  if (shim.pid !== undefined) {
    // A later error (a signal that could not be sent) is no news: its end is seen by other means.
    shim.on('error', () => {});
    return Promise.resolve(null);
  }
  return new Promise((resolve) => shim.once('error', resolve));
}

function readPid(path: string): number | null {
  const digits = /^(\d+)\n$/.exec(readPlain(path) ?? '')?.[1];
  return digits === undefined ? null : Number(digits); // null: not written yet
}

function hasExecuted(pid: number, setpriv: string): boolean {
  const cmdline = readProc(`${pid}/cmdline`)?.split('\0') ?? [];
  return cmdline.length > 1 && !isBeforeExec(cmdline, setpriv);
}

/** Ends shim and VMM together: they are one process group, whose leader is our child and not yet waited for. */
async function endAll(processes: Processes, shim: ChildProcess, vmm: ProcessIdentity | null): Promise<void> {
  const shimEnded = () => shim.pid === undefined || shim.exitCode !== null || shim.signalCode !== null;
  if (shim.pid !== undefined && !shimEnded()) killGroup(shim.pid);
  if (vmm !== null) processes.signal(vmm, 'SIGKILL');
  const deadline = performance.now() + endDeadlineMs;
  // One that was killed on its way into its control group ends a moment after its shim.
  const lives = () => !shimEnded() || (shim.pid !== undefined && hasMembers(shim.pid)) || (vmm !== null && processes.isAlive(vmm));
  while (lives() && performance.now() < deadline) await delay(pollMs);
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // ended in this very moment
  }
}

function hasMembers(leader: number): boolean {
  try {
    return process.kill(-leader, 0);
  } catch {
    return false;
  }
}

function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** The last of what this start wrote to its stderr. */
const tail = (path: string, from: number): string => readEnd(path, tailBytes, from)?.toString('utf8').trim() ?? '';
