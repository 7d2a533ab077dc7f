import type { DoctorCheck } from '@mvirt/api/schema';
import { toMvirtError } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { Network } from '@mvirt/network';
import { ok, warning } from './check.ts';
import { fixLeftovers } from './fix-leftovers.ts';
import { findLeftovers, type Leftover, type LeftoverDeps, leftoverText } from './leftovers.ts';

export type CheckLeftoversOptions = { host: Host; network: Network; dataDir: string; hasAgent: boolean; fix: boolean } & Pick<LeftoverDeps, 'signal' | 'nowMs'>;

const [id, title] = ['leftovers', 'what VMs have left'];

/** What belongs to no VM any more: named, or taken away where that is asked for. */
export async function checkLeftovers({ fix, ...deps }: CheckLeftoversOptions): Promise<DoctorCheck> {
  try {
    const found = await findLeftovers(deps);
    if (found.length === 0) return ok(id, title, 'nothing');
    if (!fix) return warning(id, title, found.map(leftoverText).join('\n'), hintOf(found));
    const fixed = await fixLeftovers(deps, found);
    const lines = fixed.map(
      ({ leftover, error }) => `${error === null ? 'taken away' : 'NOT taken away'}: ${leftoverText(leftover)}${error === null ? '' : ` (${error.message})`}`,
    );
    const failed = fixed.find(({ error }) => error !== null)?.error;
    return failed ? warning(id, title, lines.join('\n'), failed.hint) : ok(id, title, lines.join('\n'));
  } catch (thrown) {
    const error = toMvirtError(thrown);
    return warning(id, title, `could not be looked for: ${error.message}`, error.hint);
  }
}

const hintOf = (found: Leftover[]): string =>
  found.some((leftover) => leftover.kind === 'folder' && leftover.strange.length > 0)
    ? 'mvirt doctor --fix takes it away, but for a folder that holds what mvirt did not put there'
    : 'mvirt doctor --fix takes it away';
