import { existsSync } from 'node:fs';
import { createLinuxHost } from '@mvirt/host/linux';
import { endProcessesOf } from '../dir-processes.ts';
import { watchLeaks } from '../leak-check.ts';
import { netNamespace } from '../net-namespace.ts';
import { tempDir } from '../temp-dir.ts';
import { runStorm, type StormOptions, type StormReport } from './storm.ts';

/** What is missing here for real guests with NICs in a namespace, for a skip; null: nothing. */
export function lackingForStorms(): string | null {
  const { system, programs } = createLinuxHost();
  if (programs.find('qemu-system-x86_64') === null) return 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)';
  if (!system.rights().netAdmin) return 'CAP_NET_ADMIN is missing (run as root)';
  return existsSync('/dev/net/tun') ? null : '/dev/net/tun is missing';
}

/** A storm in a directory and a network namespace of its own, of which nothing is left. */
export async function stormOf(options: Omit<StormOptions, 'dir' | 'namespace'>): Promise<StormReport> {
  using dir = tempDir('storm');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  await using namespace = await netNamespace();
  try {
    return await runStorm({ ...options, dir, namespace });
  } finally {
    // Of a storm that failed: nothing is there to end of one that did not.
    endProcessesOf(dir.path);
  }
}
