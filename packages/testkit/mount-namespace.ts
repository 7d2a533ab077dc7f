import { spawnSync } from 'node:child_process';

/** A shell in a mount namespace of its own: what it mounts is gone with it. */
export function inMountNamespace(script: string, ...parameters: string[]): { status: number | null; stdout: string; stderr: string } {
  const [program = '', ...args] = process.getuid?.() === 0 ? ['unshare', '-m'] : ['unshare', '-rm'];
  return spawnSync(program, [...args, 'sh', '-ec', script, 'sh', ...parameters], { encoding: 'utf8', timeout: 60_000 });
}

/** Why there is none to be had here; null: there is. */
export function lackingMountNamespace(): string | null {
  const { status, stderr } = inMountNamespace('mount -t tmpfs -o size=64k tmpfs /mnt');
  return status === 0 ? null : `no mount namespace here (${stderr?.trim() ?? 'unshare is missing'})`;
}
