import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readProc } from '../proc.ts';
import { type GroupPlace, ownGroupPlace, runHash } from './group-place.ts';

/** A systemd scope for one run: the VMM in a unit of its own. busctl: absolute path. counter: as a group's. */
export type VmmScope = { busctl: string; unit: string; counter: string };

/** Where VMs and containers are (systemd.special(7)): limits can be set on all of them together. */
export const scopeSlice = 'machine.slice';

/** Where systemd says that it runs the host (sd_booted(3)). */
const systemdRuns = '/run/systemd/system';
/** Where busctl reaches it (dbus-daemon(1)); a host may do without. */
const systemBus = '/run/dbus/system_bus_socket';

/** isBooted: by systemd, with a bus to ask it on. */
export type ScopeHost = { uid: number | null; isBooted: boolean; firstProcess: string; place: GroupPlace | null; busctl: string | null };

/** Where this host's systemd can be asked for one: by root, with control groups of version 2, and in the process namespace whose numbers it knows. */
export function scopeOf(run: { runDir: string; exitFile: string }, host: ScopeHost): VmmScope | null {
  const { uid, isBooted, firstProcess, busctl, place } = host;
  if (uid !== 0 || !isBooted || firstProcess !== 'systemd' || busctl === null || place?.version !== 2) return null;
  const unit = unitName(run);
  return { busctl, unit, counter: join(place.mount, scopeSlice, unit, place.counter) };
}

/** Each start looks; where systemd does not run the host that is all. */
export function lookForScope(run: { runDir: string; exitFile: string }, findProgram: (name: string) => string | null): VmmScope | null {
  const isBooted = existsSync(systemdRuns) && existsSync(systemBus);
  if (!isBooted) return null;
  const uid = process.geteuid?.() ?? null;
  return scopeOf(run, { uid, isBooted, firstProcess: (readProc('1/comm') ?? '').trim(), place: ownGroupPlace(), busctl: findProgram('busctl') });
}

/** Names of units have at most 255 bytes, of these (systemd.unit(5)). */
const longestId = 100;
const notInUnits = /[^\w.-]/g;

/** One for each run: the last one's may still be ending. */
function unitName({ runDir, exitFile }: { runDir: string; exitFile: string }): string {
  const id = basename(runDir).replace(notInUnits, '_').slice(0, longestId);
  return `mvirt-${id}-${runHash(join(runDir, exitFile))}.scope`;
}
