import type { AgentApi } from '@mvirt/api/client';

const stopMs = 45_000;
const killMs = 10_000;
/** A VM may be started from a second terminal meanwhile. */
const rounds = 3;

/** Stops every VM that runs, gracefully; what does not hear the button in 30 s is powered off. hurry: pulls the plug at once. */
export async function stopAll(api: AgentApi, hurry: AbortSignal): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const up = (await api.vm.list.query(undefined, { signal: AbortSignal.timeout(killMs) })).filter((vm) => vm.state !== 'stopped');
    if (up.length === 0) return;
    await Promise.all(up.map(({ id }) => stopOne(api, id, hurry)));
  }
}

async function stopOne(api: AgentApi, vm: string, hurry: AbortSignal): Promise<void> {
  try {
    await api.vm.stop.mutate({ vm }, { signal: AbortSignal.any([hurry, AbortSignal.timeout(stopMs)]) });
  } catch {
    // It could not be stopped so, or there is no time for it.
    await api.vm.kill.mutate({ vm }, { signal: AbortSignal.timeout(killMs) });
  }
}
