import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostFiles } from '@mvirt/host';
import { folder } from './places.ts';
import { until } from './until.ts';

/** mine: this start stops everything at its end; until then nobody else has it. */
export type Ownership = Disposable & ({ kind: 'mine'; ending: () => void } | { kind: 'theirs'; pid: number });

const ownerFile = join(folder, 'start.lock');
const endingFile = join(folder, 'ending.lock');
/** A start that ends gives its VMs 30 s. */
const endingMs = 60_000;

/** Takes the checkout's agent for this process, or tells whose it is; one that is being stopped is waited for. The kernel frees it however we end. */
export function takeOwnership(files: Pick<HostFiles, 'lock'>, signal: AbortSignal): Promise<Ownership> {
  const attempt = (): Ownership | null => {
    const lock = files.lock(ownerFile);
    if (lock !== null) {
      writeFileSync(ownerFile, `${process.pid}\n`);
      const held: Disposable[] = [lock];
      const ending = (): void => {
        const mark = files.lock(endingFile);
        if (mark !== null) held.push(mark);
      };
      return { kind: 'mine', ending, [Symbol.dispose]: () => held.forEach((each) => void each[Symbol.dispose]()) };
    }
    const mark = files.lock(endingFile);
    if (mark === null) return null;
    mark[Symbol.dispose]();
    return { kind: 'theirs', pid: Number(readFileSync(ownerFile, 'utf8')), [Symbol.dispose]: () => {} };
  };
  return until('another npm start has ended', attempt, { timeoutMs: endingMs, signal });
}
