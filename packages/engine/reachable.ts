import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MvirtError, toMvirtError } from '@mvirt/domain';
import type { Programs } from '@mvirt/host';
import { isLocal, mountPoints } from './mount-points.ts';

/** Whether files can be looked at, without waiting for a filesystem that does not answer (NFS whose server is gone). */
export interface Reachable {
  /** What is not there is an answer too. @throws TIMEOUT naming the path, CANCELLED */
  look(paths: readonly string[], options?: { signal?: AbortSignal | undefined }): Promise<void>;
  /** Those that lead to a filesystem which may not answer. Looks at nothing of it. */
  distant(paths: readonly string[]): Set<string>;
}

const lookMs = 3_000;
/** As the kernel's own bound (path_resolution(7)). */
const mostLinks = 40;

/** What lies on this host's own disks answers. For the rest a process looks, which can be killed: a call of the kernel that hangs would hold up the agent. */
export function createReachable(programs: Pick<Programs, 'run'>, mountinfo = () => readFileSync('/proc/self/mountinfo', 'utf8')): Reachable {
  const answers = async (path: string, signal: AbortSignal | undefined): Promise<boolean> => {
    try {
      await programs.run(['stat', '--dereference', '--', path], { timeoutMs: lookMs, ...(signal && { signal }) });
      return true;
    } catch (thrown) {
      const { code } = toMvirtError(thrown);
      if (code === 'CANCELLED') throw thrown;
      // Whatever else it says: it has come back.
      return code !== 'TIMEOUT';
    }
  };
  const distant = (paths: readonly string[]): Set<string> => {
    const mounts = mountPoints(mountinfo());
    return new Set(paths.filter((path) => leavesTheHost(path, (place) => isLocal(mounts, place))));
  };
  return {
    distant,
    async look(paths, { signal } = {}) {
      const asked = [...distant(paths)];
      const came = await Promise.all(asked.map((path) => answers(path, signal)));
      const late = asked.find((_, index) => !came[index]);
      if (late !== undefined) throw hung(late);
    },
  };
}

/** Whether a path leads to a place that is not local; links are followed as far as they are local themselves. */
function leavesTheHost(path: string, local: (place: string) => boolean): boolean {
  let left = resolve('/', path).split('/').filter(Boolean);
  let at = '/';
  for (let links = 0; links < mostLinks; ) {
    const [name, ...rest] = left;
    if (name === undefined) return false;
    const next = join(at, name);
    if (!local(next)) return true;
    const target = linkTarget(next);
    if (target === null) [at, left] = [next, rest];
    else {
      links += 1;
      [at, left] = ['/', [...resolve(dirname(next), target).split('/').filter(Boolean), ...rest]];
    }
  }
  return false; // a circle: the kernel says so at once
}

/** null: no link, or nothing. */
function linkTarget(path: string): string | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null; // not for us to see: whoever opens it says so
  }
}

const hung = (path: string): MvirtError =>
  new MvirtError({
    code: 'TIMEOUT',
    message: `${path}: its filesystem has not answered for ${lookMs / 1000} s`,
    hint: 'see whether the server that it is mounted from is up; then try again',
  });
