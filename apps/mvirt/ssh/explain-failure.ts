import { MvirtError } from '@mvirt/domain/error';
import type { SshPlan } from './prepare.ts';

/** ssh's exit status for a failure of its own; a remote command may end with it too. */
export const sshFailed = 255;

const triedMs = 10_000;

/** What ssh's own words leave out, found by another try that logs nobody in: another host key than the known one. null: nothing more to say. */
export async function explainFailure({ argv, host, vmId, vmName, address, hostKeys }: SshPlan): Promise<MvirtError | null> {
  const quiet = ['-o', 'BatchMode=yes', '-o', 'PreferredAuthentications=none', '-o', 'ConnectTimeout=5'];
  const child = Bun.spawn(['ssh', ...argv, ...quiet, '--', host, 'true'], { stdio: ['ignore', 'ignore', 'pipe'], timeout: triedMs });
  const said = await new Response(child.stderr).text();
  await child.exited;
  if (!/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/.test(said)) return null;
  const label = vmName ?? vmId;
  const known = hostKeys === 'console' ? 'that its guest printed on its console' : 'that was trusted on first use';
  return new MvirtError({
    code: 'DENIED',
    message: `VM ${label}: what answers at ${address} does not have the host key ${known}`,
    hint: `where its disk or its keys were made anew: mvirt ssh --forget-host-key ${label}; otherwise somebody else may be answering`,
  });
}
