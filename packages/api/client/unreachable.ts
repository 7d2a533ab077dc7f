import { accessSync, constants, statSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain/error';

/** Why nobody answers on a socket, found out after a connection failed: DENIED or AGENT_UNREACHABLE. */
export function whyUnreachable(path: string, tried: string[] = [path], cause?: unknown): MvirtError {
  const state = look(path);
  if (state === 'denied') {
    return new MvirtError({ code: 'DENIED', message: `no permission to connect to the agent at ${path}`, cause });
  }
  const others = tried.filter((other) => other !== path);
  const list = others.length === 0 ? '' : ` (also looked at ${others.join(', ')})`;
  const what = state === 'missing' ? `no agent at ${path}` : `no agent answers at ${path}`;
  return new MvirtError({ code: 'AGENT_UNREACHABLE', message: `${what}${list}`, cause });
}

function look(path: string): 'there' | 'missing' | 'denied' {
  try {
    statSync(path);
    accessSync(path, constants.W_OK);
    return 'there';
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM') ? 'denied' : 'missing';
  }
}
