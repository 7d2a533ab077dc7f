import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import type { ProbeResult } from './probe.ts';

const cacheSchema = z.object({
  key: z.string(),
  version: z.string(),
  accelerator: z.discriminatedUnion('name', [
    z.object({ name: z.literal('kvm'), cpu: z.enum(['host', 'qemu64']) }),
    z.object({ name: z.literal('tcg'), cpu: z.literal('max') }),
  ]),
  notes: z.array(z.string()),
});

export type Probed = ProbeResult & { version: string };

/** What a probe's result depends on: this boot of this kernel, this QEMU, and who asks. */
export function probeKey(program: string, bootId: string): string {
  const { size, mtimeMs, ino } = statSync(program);
  const kvm = statSync('/dev/kvm', { throwIfNoEntry: false });
  return JSON.stringify([bootId, program, size, mtimeMs, ino, process.getuid?.() ?? null, kvm ? [kvm.mode, kvm.gid] : null]);
}

/** null: nothing that holds for this key. */
export function readProbe(path: string, key: string): Probed | null {
  try {
    const { key: cachedKey, ...probed } = cacheSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return cachedKey === key ? probed : null;
  } catch {
    // Not there, or of another version of mvirt: the probe runs again.
    return null;
  }
}

/** Only a success is kept: what failed may be mended in the meantime. */
export function writeProbe(path: string, key: string, probed: Probed): void {
  if (probed.accelerator === null) return;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, JSON.stringify({ key, ...probed }), { mode: 0o600 });
    renameSync(`${path}.part`, path);
  } catch {
    // A cache that cannot be written costs the next agent half a second.
  }
}
