import type { ProcessIdentity, RunRecord } from '@mvirt/domain';
import type { Host } from '@mvirt/host';
import type { Clock } from './clock.ts';
import type { Watchdog } from './watchdog.ts';

/** What every adapter works with, for all of its VMs. */
export type DriverDeps = { host: Host; clock: Clock; watchdog: Watchdog };

/** A run whose VMM lives. */
export type LiveRun = RunRecord & { process: ProcessIdentity };

/** One VMM as one agent sees it; events: its events file. */
export type VmmDeps<Events> = DriverDeps & { run: LiveRun; events: Events };
