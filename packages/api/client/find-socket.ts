import { readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export type SocketSearch = {
  /** `--socket`. */
  flag?: string | undefined;
  env: Record<string, string | undefined>;
  cwd: string;
};

/** tried: every path that was considered, in order, for the message when nobody answers. */
export type FoundSocket = { path: string; tried: string[] };

export const systemSocket = '/run/mvirt/agent.sock';

/**
 * Where the agent listens: what was named, else the first of the usual places that is there,
 * beginning with ./tmp of a checkout. Where none is, the first of them.
 */
export function findSocket({ flag, env, cwd }: SocketSearch): FoundSocket {
  const named = flag ?? (env.MVIRT_SOCKET || undefined);
  if (named !== undefined) return { path: resolve(cwd, named), tried: [resolve(cwd, named)] };
  const checkout = findCheckout(cwd);
  const runtimeDir = env.XDG_RUNTIME_DIR;
  const usual = [
    ...(checkout === null ? [] : [join(checkout, 'tmp', 'agent.sock')]),
    systemSocket,
    ...(runtimeDir ? [join(runtimeDir, 'mvirt', 'agent.sock')] : []),
  ];
  return { path: usual.find(isSocket) ?? usual[0] ?? systemSocket, tried: usual };
}

/** The root of the mvirt checkout that holds this folder; null outside of one. */
export function findCheckout(folder: string): string | null {
  if (isCheckout(folder)) return folder;
  const parent = dirname(folder);
  return parent === folder ? null : findCheckout(parent);
}

function isCheckout(folder: string): boolean {
  try {
    const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof manifest === 'object' && manifest !== null && 'name' in manifest && manifest.name === 'mvirt-workspace';
  } catch {
    // No package.json, or one that is none of ours to judge.
    return false;
  }
}

function isSocket(path: string): boolean {
  try {
    return statSync(path).isSocket();
  } catch {
    // Not there, or not for us to see: the next place is looked at.
    return false;
  }
}
