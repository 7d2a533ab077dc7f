import type { ConsoleStartInput } from '../schema/index.ts';
import type { AgentClient } from './agent-client.ts';
import { followSubscription } from './follow.ts';
import type { AgentApi } from './one-shot.ts';
import type { ConsoleLink, ConsoleViewer, VmClient } from './vm-client.ts';

export type TrpcVmClientDeps = {
  /** For single calls. */
  api: () => AgentApi;
  /** For streams. */
  live: () => Promise<AgentClient>;
};

/** Lines of history that a console begins with. */
const historyLines = 50;

/** The agent's own door. */
export function createTrpcVmClient({ api, live }: TrpcVmClientDeps): VmClient {
  return {
    version: async (call) => (await api().agent.version.query(undefined, call)).version,
    list: (call) => api().vm.list.query(undefined, call),
    get: (vm, call) => api().vm.get.query({ vm }, call),
    create: (input, call) => api().vm.create.mutate(input, call),
    start: (vm, call) => api().vm.start.mutate({ vm }, call),
    stop: (vm, graceMs, call) => api().vm.stop.mutate({ vm, graceMs }, call),
    kill: (vm, call) => api().vm.kill.mutate({ vm }, call),
    delete: (vm, call) => api().vm.delete.mutate({ vm }, call),
    attachDisk: (vm, disk, call) => api().vm.attachDisk.mutate({ vm, ...disk }, call),
    detachDisk: (vm, path, call) => api().vm.detachDisk.mutate({ vm, path }, call),
    attachNic: (vm, nic, call) => api().vm.attachNic.mutate({ vm, ...nic }, call),
    detachNic: (vm, mac, call) => api().vm.detachNic.mutate({ vm, mac }, call),
    readEvents: (options, call) => api().event.read.query(options, call),
    eventsDroppedTo: (call) => api().event.droppedTo.query(undefined, call),
    async watchEvents({ since, onEvent, onMissed }, { signal }) {
      const client = await live();
      await followSubscription(api(), signal, (listener) =>
        client.api.event.watch.subscribe(
          { since },
          {
            ...listener,
            onData({ data: message }) {
              if (message.kind === 'from' && message.missed) onMissed();
              if (message.kind === 'event') onEvent(message.event);
            },
          },
        ),
      );
    },
    async console(reference, from, call) {
      const vm = (await api().vm.get.query({ vm: reference }, call)).id;
      const client = await live();
      return { attach: (viewer) => attach(client, vm, from ?? { kind: 'lines', lines: historyLines }, viewer) };
    },
  };
}

function attach({ api }: AgentClient, vm: string, from: ConsoleStartInput, viewer: ConsoleViewer): ConsoleLink {
  let away = false;
  const subscription = api.console.attach.subscribe(
    { vm, from },
    {
      onData: ({ data }) => viewer.onMessage(data),
      onConnectionStateChange({ state, error }) {
        const lost = state === 'connecting' && error !== null;
        if (lost && !away) viewer.onAway(true);
        if (state === 'pending' && away) viewer.onAway(false);
        away = lost || (away && state !== 'pending');
      },
      onError: viewer.onError,
      onComplete: () => viewer.onEnd(null),
    },
  );
  return {
    write: async (bytes) => void (await api.console.write.mutate({ vm, bytes })),
    close: async () => subscription.unsubscribe(),
  };
}
