import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { toMvirtError } from '@mvirt/domain';
import { runProgram } from '@mvirt/guests';

/**
 * Debian packages unpacked side by side in the cache, none installed: the root of their files, or why they cannot be had, for a skip.
 * Dependencies are not followed: name them.
 */
export async function debianTree(packages: readonly string[]): Promise<{ root: string; missing: null } | { root: null; missing: string }> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'mvirt');
  const root = join(cache, `test-tree-${createHash('sha256').update(packages.join()).digest('hex').slice(0, 12)}`);
  if (existsSync(root)) return { root, missing: null };
  const part = join(cache, `.part-${randomUUID()}`);
  mkdirSync(join(part, 'root'), { recursive: true });
  try {
    await runProgram(['apt-get', '-q', '-o', 'APT::Sandbox::User=root', 'download', ...packages], { timeoutMs: 300_000, cwd: part });
    const files = readdirSync(part).filter((name) => name.endsWith('.deb'));
    for (const file of files) await runProgram(['dpkg-deb', '-x', join(part, file), join(part, 'root')], { timeoutMs: 60_000 });
    if (!existsSync(root)) renameSync(join(part, 'root'), root);
    return { root, missing: null };
  } catch (thrown) {
    return { root: null, missing: `Debian packages cannot be had: ${toMvirtError(thrown).message}` };
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}
