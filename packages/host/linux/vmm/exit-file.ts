import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { readPlain } from '../../plain-file.ts';
import type { VmmExit, VmmRunner } from '../../vmm.ts';
import { parseExit } from './shim.ts';

const pollMs = 5;

export function readExit(runDir: string, exitFile: string): VmmExit | null {
  const text = readPlain(join(runDir, exitFile));
  return text === null ? null : parseExit(text); // null: not written (yet), the answer to the question
}

/** Polls: it is called after the VMM has ended, when the shim writes within milliseconds. */
export const waitExit: VmmRunner['waitExit'] = async (runDir, exitFile, { timeoutMs, signal }) => {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const exit = readExit(runDir, exitFile);
    if (exit !== null || performance.now() >= deadline || signal?.aborted) return exit;
    await delay(pollMs);
  }
};
