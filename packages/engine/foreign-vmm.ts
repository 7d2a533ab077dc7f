import { basename, dirname } from 'node:path';
import { type ExitCause, exitCause, type ForeignVmm, type ProcessIdentity } from '@mvirt/domain';
import type { Host, UnixListener } from '@mvirt/host';
import { foreignSocket } from '@mvirt/hypervisor';
import type { StoredRun, StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';

/** over: the noted process is not, or no longer, that VMM. untold: it cannot be told now. */
export type ForeignProof = { kind: 'proven'; process: ProcessIdentity } | { kind: 'over'; cause: ExitCause } | { kind: 'untold'; why: string };

/**
 * Whether the VMM that another daemon noted lives: a bare pid says nothing, since pids are used again. Proven where the
 * process that the kernel names behind its api.sock has that pid, the same before and after the question. Sends no signal.
 */
export function proveForeign(
  host: Pick<Host, 'processes' | 'sockets' | 'files'>,
  run: Pick<StoredRun, 'runDir'>,
  { pid, apiSocket }: ForeignVmm,
): ForeignProof {
  const process = host.processes.identify(pid);
  if (process === null) return over(`its VMM (process ${pid}) ended while no agent watched`);
  const path = foreignSocket(run.runDir, apiSocket);
  const listener = listenerAt(host, path);
  switch (listener.kind) {
    case 'listening':
      if (listener.peer.pid === pid && host.processes.isAlive(process)) return { kind: 'proven', process };
      return over(`process ${pid}, noted as its VMM, is another one: ${path} is served by process ${listener.peer.pid}`);
    case 'missing':
    case 'deaf':
      return over(
        `process ${pid}, noted as its VMM, cannot be told to be it: nobody listens on ${path}`,
        `if process ${pid} is its VMM all the same, end it before you start the VM: mvirt start VM`,
      );
    case 'full':
      return { kind: 'untold', why: `${path} takes no connection now` };
    case 'denied':
      return { kind: 'untold', why: `${path} may not be opened by this agent` };
  }
}

/** What began before the host did has ended with the host's last life. */
export function endedByReboot({ clock, host }: Pick<EngineContext, 'clock' | 'host'>, { startedAtMs, condition }: StoredVm): boolean {
  // While it is starting, the time noted is that of an earlier run.
  if (startedAtMs === null || condition.observed === 'starting') return false;
  return startedAtMs < clock.nowMs() - host.system.figures().uptimeSeconds * 1000 - clockJumpMs;
}

/** Clocks are set. */
const clockJumpMs = 60_000;

const over = (why: string, hint: string | null = null): ForeignProof => ({ kind: 'over', cause: exitCause('not-observable', why, { hint }) });

function listenerAt({ sockets, files }: Pick<Host, 'sockets' | 'files'>, path: string): UnixListener {
  try {
    using short = files.shortPath(dirname(path), basename(path));
    return sockets.listenerOf(short.path);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR')) return { kind: 'missing' };
    throw thrown; // "missing" would have a living VMM called ended
  }
}
