import { join } from 'node:path';
import type { HypervisorKind } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { z } from 'zod';
import type { CallOptions } from './driver.ts';
import { orAborted } from './or-aborted.ts';
import { probeKey, readProbe, writeProbe } from './probe-cache.ts';

/** What running a hypervisor's program once has shown; all who ask meanwhile wait for the same answer. */
export type Trial<T> = {
  /** null: not installed. */
  program(): string | null;
  of(program: string, options: CallOptions): Promise<T>;
  /** What is known without waiting. */
  known(): T | null;
};

/** A host that boots, and is itself emulated, takes more than two seconds for it (seen). */
const versionMs = 10_000;

/** What a program says to --version. */
export const askVersion = async ({ programs }: Pick<Host, 'programs'>, program: string): Promise<string> =>
  (await programs.run([program, '--version'], { timeoutMs: versionMs })).stdout;

export type TrialDeps<T> = {
  host: Pick<Host, 'programs' | 'processes'>;
  kind: HypervisorKind;
  programName: string;
  /** Where the result is kept for the next agent; null: nowhere. */
  dataDir: string | null;
  schema: z.ZodType<T>;
  /** Good enough for this agent: is not tried again. What failed may be mended in the meantime. */
  settled(found: T): boolean;
  /** Good enough for the next agents too, until the host boots anew. */
  kept(found: T): boolean;
  find(program: string): Promise<T>;
};

export function createTrial<T>({ host, kind, programName, dataDir, schema, settled, kept, find }: TrialDeps<T>): Trial<T> {
  let asked: Promise<T> | null = null;
  let answer: T | null = null;
  const path = dataDir === null ? null : join(dataDir, `probe-${kind}.json`);

  const cachedOrFound = async (program: string): Promise<T> => {
    const key = probeKey(program, host.processes.bootId);
    const cached = path === null ? null : readProbe(path, key, schema);
    if (cached !== null) return cached;
    const found = await find(program);
    if (path !== null && kept(found)) writeProbe(path, key, found);
    return found;
  };

  return {
    program: () => host.programs.find(programName),
    known: () => answer,
    async of(program, { signal }) {
      if (answer !== null && settled(answer)) return answer;
      asked ??= cachedOrFound(program).finally(() => {
        asked = null;
      });
      answer = await orAborted(asked, signal);
      return answer;
    },
  };
}
