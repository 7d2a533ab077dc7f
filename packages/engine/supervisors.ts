import type { VmId } from '@mvirt/domain';
import type { EngineContext } from './context.ts';
import { createSupervisor, type Supervisor, type SupervisorHooks } from './supervisor.ts';

/** One supervisor for each VM that something was asked of. */
export interface Supervisors {
  of(id: VmId): Supervisor;
  /** The VM is gone. */
  forget(id: VmId): void;
  /** Lets all VMs run on; waits for what is under way, at most graceMs. */
  close(graceMs: number): Promise<void>;
}

export function createSupervisors(context: EngineContext, hooks: SupervisorHooks): Supervisors {
  const all = new Map<VmId, Supervisor>();
  return {
    of(id) {
      const known = all.get(id) ?? createSupervisor(context, id, hooks);
      all.set(id, known);
      return known;
    },
    forget(id) {
      all.get(id)?.close();
      all.delete(id);
    },
    async close(graceMs) {
      const idle = Promise.all([...all.values()].map((supervisor) => supervisor.queue.idle()));
      const late = Promise.withResolvers<void>();
      const timer = context.clock.after(graceMs, () => late.resolve());
      await Promise.race([idle, late.promise]);
      timer[Symbol.dispose]();
      for (const supervisor of all.values()) supervisor.close();
      all.clear();
    },
  };
}
