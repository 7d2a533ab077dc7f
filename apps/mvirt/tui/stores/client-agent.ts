import { type AgentApi, type ConnectionState as ClientState, createAgentClient, fromTrpcError } from '@mvirt/api/client';
import type { MvirtError } from '@mvirt/domain';
import type { Agent, ConnectionState, Stop, StreamHandlers } from './agent.ts';
import { createLiveness } from './liveness.ts';
import { systemTimers } from './timers.ts';

/** What the UI needs of an agent, over the client that goes on trying. close ends its connections. */
export function createClientAgent(options: { socketPath: string; tried: string[] }): { agent: Agent; api: AgentApi; close: () => Promise<void> } {
  const listeners = new Set<(state: ConnectionState) => void>();
  let connection: ConnectionState = { status: 'connecting' };
  let shown: ConnectionState = connection;
  const show = (next: ConnectionState): void => {
    if (next === shown) return;
    shown = next;
    for (const listener of listeners) listener(shown);
  };
  const liveness = createLiveness({
    timers: systemTimers(),
    nowMs: () => performance.now(),
    onSilence: (seconds) => show(seconds === null ? connection : { status: 'silent', seconds }),
  });
  const client = createAgentClient({
    ...options,
    onState: (told) => {
      connection = stateOf(told, connection);
      liveness.moved();
      show(connection);
    },
  });
  const { api } = client;
  const answered = async <T>(answer: Promise<T>): Promise<T> => {
    const done = liveness.asked();
    try {
      const value = await told(answer);
      liveness.heard();
      return value;
    } finally {
      done();
    }
  };
  const hearing =
    <T>(onData: (value: T) => void) =>
    (value: T): void => {
      liveness.heard();
      onData(value);
    };
  const agent: Agent = {
    onConnection(listener) {
      listeners.add(listener);
      listener(shown);
      return () => listeners.delete(listener);
    },
    watchVms: (handlers) => opened(handlers, (on) => api.vm.watch.subscribe(undefined, { ...on, onData: hearing(handlers.onData) })),
    watchLogs: (vm, tail, handlers) => opened(handlers, (on) => api.log.watch.subscribe({ vm, tail }, { ...on, onData: ({ data }) => handlers.onData(data) })),
    watchConsole: (vm, from, handlers) =>
      opened(handlers, (on) =>
        api.console.attach.subscribe(
          { vm, from },
          {
            ...on,
            onData: ({ data }) => handlers.onData(data),
            // Consoles have a connection of their own, which may be lost alone.
            onConnectionStateChange: ({ state, error }) => {
              if (state === 'connecting' && error !== null) handlers.onData({ kind: 'interrupted' });
            },
          },
        ),
      ),
    writeConsole: (vm, bytes, { signal, answering }) =>
      told(api.console.write.mutate({ vm, bytes, ...(answering !== undefined && { answering }) }, { signal })),
    host: ({ signal }) => answered(api.host.info.query(undefined, { signal })),
    usage: (since, { signal }) => answered(api.host.usage.query({ since }, { signal })),
    create: (input, { signal }) => told(api.vm.create.mutate(input, { signal })),
    set: (vm, change, { signal }) => told(api.vm.set.mutate({ vm, ...change }, { signal })),
    attachDisk: (vm, disk, { signal }) => told(api.vm.attachDisk.mutate({ vm, ...disk }, { signal })),
    detachDisk: (vm, path, { signal }) => told(api.vm.detachDisk.mutate({ vm, path }, { signal })),
    attachNic: (vm, nic, { signal }) => told(api.vm.attachNic.mutate({ vm, ...nic }, { signal })),
    detachNic: (vm, mac, { signal }) => told(api.vm.detachNic.mutate({ vm, mac }, { signal })),
    listImages: ({ signal }) => told(api.image.list.query(undefined, { signal })),
    listFolder: (path, { signal }) => told(api.host.listFolder.query({ path }, { signal })),
    act: (action, vm, { signal }) => told(action === 'stop' ? api.vm.stop.mutate({ vm }, { signal }) : api.vm[action].mutate({ vm }, { signal })),
  };
  return {
    agent,
    api,
    async close() {
      liveness.stop();
      await client.close();
    },
  };
}

/** A lost connection stays lost until it is there again, however often the client tries in between. */
function stateOf(told: ClientState, before: ConnectionState): ConnectionState {
  switch (told.kind) {
    case 'connected':
      return { status: 'connected' };
    case 'connecting':
      return before.status === 'connected' ? { status: 'connecting' } : before;
    case 'lost':
      return { status: 'lost', attempts: told.attempts, reason: told.reason.message, hint: told.reason.hint };
  }
}

function opened<T>(
  handlers: StreamHandlers<T>,
  subscribe: (on: { onError: (error: unknown) => void; onComplete: () => void }) => { unsubscribe: () => void },
): Stop {
  const subscription = subscribe({ onError: (error) => handlers.onEnd(fromTrpcError(error)), onComplete: () => handlers.onEnd(null) });
  return () => subscription.unsubscribe();
}

async function told<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw fromTrpcError(error) satisfies MvirtError;
  }
}
