import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { HostFiles } from '@mvirt/host';

export type ListenOptions = {
  server: Server;
  files: HostFiles;
  /** Absolute, of any length. */
  path: string;
  /** Whose members may connect; null: the agent's own user alone. */
  groupId: number | null;
  /** For people: what chose the path, such as --socket. */
  flag: string;
};

const probeMs = 1000;

/**
 * Listens on a Unix socket: 0660 root:mvirt with a group, else 0600. What a dead agent left is replaced, never a living one's.
 * The socket's file goes with the returned handle. @throws DATA_DIR_IN_USE (somebody listens there), INVALID_ARGUMENT, DENIED
 */
export async function listen({ server, files, path, groupId, flag }: ListenOptions): Promise<Disposable> {
  makeFolder(dirname(path), groupId, flag);
  await removeStale(path, files, flag);
  const short = files.shortPath(dirname(path), basename(path));
  // Nobody else may connect between its birth and its final mode.
  const umask = process.umask(0o177);
  try {
    await bind(server, short.path, path, flag);
  } catch (error) {
    short[Symbol.dispose]();
    throw error;
  } finally {
    process.umask(umask);
  }
  if (groupId !== null) {
    chownSync(path, 0, groupId);
    chmodSync(path, 0o660);
  }
  const own = lstatSync(path).ino;
  return {
    [Symbol.dispose]() {
      server.close();
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === own) rmSync(path, { force: true });
      short[Symbol.dispose]();
    },
  };
}

function makeFolder(folder: string, groupId: number | null, flag: string): void {
  try {
    const made = mkdirSync(folder, { recursive: true, mode: 0o750 });
    if (made === undefined) return;
    chmodSync(folder, 0o750);
    if (groupId !== null) chownSync(folder, 0, groupId);
  } catch (cause) {
    const hint = `choose another place with ${flag}, or run the agent as root`;
    throw new MvirtError({ code: 'DENIED', message: `${folder} cannot be made for the agent's socket`, hint, cause });
  }
}

async function removeStale(path: string, files: HostFiles, flag: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new MvirtError({ code: 'INVALID_ARGUMENT', message: `${flag}: ${path} is there and is no socket`, hint: 'choose another path' });
  }
  const answer = await probeSocket(path, files);
  if (answer === 'ECONNREFUSED') return rmSync(path, { force: true });
  if (answer === 'ENOENT') return;
  const hint = `stop it, or choose another ${flag}`;
  if (answer === 'connected') throw new MvirtError({ code: 'DATA_DIR_IN_USE', message: `another process listens on ${path}`, hint });
  throw new MvirtError({ code: 'DENIED', message: `${path} is there and cannot be looked at (${answer})`, hint });
}

/** `connected`, or why not: ECONNREFUSED is what a dead agent leaves. */
export async function probeSocket(path: string, files: HostFiles): Promise<string> {
  using short = files.shortPath(dirname(path), basename(path));
  return await new Promise((resolve) => {
    const socket = connect(short.path);
    const done = (answer: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => done('no answer'), probeMs);
    socket.once('connect', () => done('connected'));
    socket.once('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}

function bind(server: Server, short: string, path: string, flag: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: NodeJS.ErrnoException) => {
      reject(
        new MvirtError({
          code: 'DENIED',
          message: `cannot listen on ${path}: ${cause.code ?? cause.message}`,
          hint: `choose another place with ${flag}`,
          cause,
        }),
      );
    };
    server.once('error', refuse);
    server.listen(short, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}
