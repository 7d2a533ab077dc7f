import { homedir } from 'node:os';
import { join } from 'node:path';
import { toMvirtError } from '@mvirt/domain';
import { buildLinuxGuest, type LinuxGuest, runProgram } from '@mvirt/guests';

export type LinuxGuestOrReason = { guest: LinuxGuest; missing: null } | { guest: null; missing: string };

/** The small Linux guest from the same cache that `npm start` uses, built where it is not there yet; or why it cannot be, for a skip. */
export async function linuxGuest(): Promise<LinuxGuestOrReason> {
  const cacheDir = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mvirt');
  try {
    return { guest: await buildLinuxGuest({ cacheDir, run: runProgram }), missing: null };
  } catch (thrown) {
    const error = toMvirtError(thrown);
    return { guest: null, missing: `the small Linux guest cannot be built: ${error.message} (${error.hint})` };
  }
}
