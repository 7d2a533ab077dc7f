import type { VmmRunner } from '../../vmm.ts';
import { readExit, waitExit } from './exit-file.ts';
import { removeGroupOf } from './group.ts';
import { openInput } from './input.ts';
import { type SpawnDeps, spawnVmm } from './spawn.ts';

export function createVmmRunner(deps: SpawnDeps): VmmRunner {
  return {
    spawn: (plan, { signal }) => spawnVmm(deps, plan, signal),
    readExit,
    waitExit,
    forget: removeGroupOf,
    openInput: async (run) => openInput(deps, run),
  };
}
