import { lstatSync } from 'node:fs';
import type { DoctorCheck } from '@mvirt/api/schema';
import type { HostFiles } from '@mvirt/host';
import { probeSocket } from '../listen.ts';
import { ok, problem, warning } from './check.ts';

/** Whether somebody answers on the agent's socket. */
export async function checkSocket(files: HostFiles, path: string): Promise<DoctorCheck> {
  const [id, title] = ['socket', 'agent'];
  const found = lstatSync(path, { throwIfNoEntry: false });
  const start = 'start it with: mvirt agent';
  if (found === undefined) return warning(id, title, `no agent at ${path}`, start);
  if (!found.isSocket()) return problem(id, title, `${path} is no socket`, 'remove it, or choose another --socket');
  const answer = await probeSocket(path, files);
  if (answer === 'connected') return ok(id, title, `answers on ${path}`);
  if (answer === 'ECONNREFUSED') return warning(id, title, `${path} was left by an agent that has died`, start);
  return problem(id, title, `${path}: ${answer}`, 'ask to be a member of the group mvirt, or use sudo');
}
