import type { LifecycleEvent, LifecycleEventType } from '@mvirt/domain';
import type { LogLine } from '../services.ts';

const errors: readonly LifecycleEventType[] = ['start-failed', 'panicked'];
const warnings: readonly LifecycleEventType[] = ['unresponsive', 'console-gap', 'device-removal-pending', 'warning'];
/** Ends that nobody asked for. */
const badEnds: readonly unknown[] = ['guest-panic', 'vmm-exit', 'vmm-signal', 'out-of-memory', 'start-failed', 'host-reboot', 'not-observable'];

export function eventLine({ atMs, type, message, detail }: LifecycleEvent): LogLine {
  return { atMs, source: 'event', level: level(type, detail), text: message };
}

function level(type: LifecycleEventType, detail: Record<string, unknown>): LogLine['level'] {
  if (errors.includes(type)) return 'error';
  if (type === 'stopped' && badEnds.includes(detail.cause)) return 'error';
  return warnings.includes(type) ? 'warning' : 'info';
}
