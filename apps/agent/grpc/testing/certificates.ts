import { readFileSync } from 'node:fs';
import type { TempDir } from '@mvirt/testkit/temp-dir';

const document = new URL('../../../../docs/grpc.md', import.meta.url);

/** Runs the commands of docs/grpc.md: ca.crt, agent.crt, alice.crt and their keys in the directory. */
export function makeCertificates(dir: TempDir): void {
  const commands = /```sh\n(openssl[^`]*)```/.exec(readFileSync(document, 'utf8'))?.[1];
  if (commands === undefined) throw new Error('docs/grpc.md has no openssl commands');
  const { success, stderr } = Bun.spawnSync(['sh', '-ec', commands], { cwd: dir.path, stderr: 'pipe' });
  if (!success) throw new Error(`the commands of docs/grpc.md failed: ${stderr}`);
}

/** Further certificates that no client of ours should come in with, or that end early. */
export function openssl(dir: TempDir, ...args: string[]): void {
  const { success, stderr } = Bun.spawnSync(['openssl', ...args], { cwd: dir.path, stderr: 'pipe' });
  if (!success) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
}

/** Why the tests of TLS are skipped here; null where they are not. */
export const noOpenssl = Bun.which('openssl') === null ? 'openssl is missing (Debian package openssl)' : null;
