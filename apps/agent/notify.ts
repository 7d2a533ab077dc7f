import { toMvirtError } from '@mvirt/domain';
import type { Programs } from '@mvirt/host';
import type { AgentLog } from './logger.ts';

const timeoutMs = 5000;

/** Tells systemd, where it has started this process with Type=notify, that the agent answers (man sd_notify). */
export async function notifyReady(programs: Programs, env: Record<string, string | undefined>, log: AgentLog): Promise<void> {
  if (!env.NOTIFY_SOCKET) return;
  try {
    await programs.run(['systemd-notify', '--ready'], { timeoutMs });
  } catch (error) {
    log.warn(`systemd could not be told that the agent is ready: ${toMvirtError(error).message}`);
  }
}
