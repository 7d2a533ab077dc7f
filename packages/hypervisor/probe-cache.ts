import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

/** What a probe's result depends on: this boot of this kernel, this program, and who asks. */
export function probeKey(program: string, bootId: string): string {
  const { size, mtimeMs, ino } = statSync(program);
  const kvm = statSync('/dev/kvm', { throwIfNoEntry: false });
  return JSON.stringify([bootId, program, size, mtimeMs, ino, process.getuid?.() ?? null, kvm ? [kvm.mode, kvm.gid] : null]);
}

/** null: nothing that holds for this key. */
export function readProbe<T>(path: string, key: string, schema: z.ZodType<T>): T | null {
  try {
    const cached = z.object({ key: z.string(), probed: schema }).parse(JSON.parse(readFileSync(path, 'utf8')));
    return cached.key === key ? cached.probed : null;
  } catch {
    // Not there, or of another version of mvirt: the probe runs again.
    return null;
  }
}

/** For successes only: what failed may be mended in the meantime. */
export function writeProbe(path: string, key: string, probed: unknown): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, JSON.stringify({ key, probed }), { mode: 0o600 });
    renameSync(`${path}.part`, path);
  } catch {
    // A cache that cannot be written costs the next agent half a second.
  }
}
