import { rmSync } from 'node:fs';
import { MvirtError, toMvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { Network } from '@mvirt/network';
import { tidyStore } from '../wire.ts';
import type { Leftover } from './leftovers.ts';

export type FixDeps = {
  host: Pick<Host, 'processes' | 'vmms'>;
  network: Pick<Network, 'release'>;
  dataDir: string;
  hasAgent: boolean;
};

/** error null: it is gone. */
export type Fixed = { leftover: Leftover; error: MvirtError | null };

const endMs = 5_000;

/** Takes leftovers away, VMMs before what they hold; each for itself. Never throws. */
export async function fixLeftovers(deps: FixDeps, leftovers: readonly Leftover[]): Promise<Fixed[]> {
  const done: Fixed[] = [];
  const order: readonly Leftover['kind'][] = ['process', 'tap', 'folder', 'disk', 'image', 'rows'];
  for (const leftover of order.flatMap((kind) => leftovers.filter((one) => one.kind === kind))) {
    try {
      await fix(deps, leftover);
      done.push({ leftover, error: null });
    } catch (thrown) {
      done.push({ leftover, error: toMvirtError(thrown) });
    }
  }
  return done;
}

async function fix({ host, network, dataDir, hasAgent }: FixDeps, leftover: Leftover): Promise<void> {
  switch (leftover.kind) {
    case 'process':
      return endVmm(host, leftover);
    case 'tap':
      return network.release(leftover.vmId, { tap: leftover.tap });
    case 'folder':
      if (leftover.strange.length > 0)
        throw new MvirtError({ code: 'WRONG_STATE', message: `${leftover.path} is not removed`, hint: 'take those files away first' });
      return rmSync(leftover.path, { recursive: true, force: true });
    case 'disk':
    case 'image':
      return rmSync(leftover.path, { force: true });
    case 'rows':
      if (hasAgent) throw new MvirtError({ code: 'WRONG_STATE', message: 'the rows are not removed', hint: 'the agent removes them at its next start' });
      return tidyStore(dataDir);
    default:
      throw new MvirtError({ code: 'INTERNAL', message: 'a leftover of no kind', cause: leftover satisfies never });
  }
}

async function endVmm({ processes, vmms }: FixDeps['host'], { process, runDir }: Extract<Leftover, { kind: 'process' }>): Promise<void> {
  const ended = Promise.withResolvers<void>();
  using _watch = processes.onEnd(process, () => ended.resolve());
  const late = setTimeout(() => ended.reject(new MvirtError({ code: 'TIMEOUT', message: `process ${process.pid} does not end` })), endMs);
  try {
    processes.signal(process, 'SIGKILL');
    await ended.promise;
  } finally {
    clearTimeout(late);
  }
  vmms.forget(runDir);
}
