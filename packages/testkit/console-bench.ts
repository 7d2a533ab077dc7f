import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { asVmId, type Clock, newCondition, type VmId, type VmSpec } from '@mvirt/domain';
import { type ConsoleHub, type ConsoleHubDeps, type ConsoleStart, createConsoleHub, createEventLog, createSystemClock, type EventLog } from '@mvirt/engine';
import type { SerialInput } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import type { Vmm } from '@mvirt/hypervisor';
import type { Store } from '@mvirt/store';
import { createSqliteStore } from '@mvirt/store/sqlite';
import { type ConsoleViewer, viewConsole } from './console-viewer.ts';
import { vmSpec } from './vm-spec.ts';

export type ConsoleBenchOptions = Partial<Pick<ConsoleHubDeps, 'retentionBytes' | 'sweepMs' | 'timing' | 'host'>> & { clock?: Clock; vmIds?: string[] };

/** A console hub on real files and a real store, with one VM `vm` (or those that are named). */
export type ConsoleBench = Disposable & {
  readonly id: VmId;
  readonly store: Store;
  readonly events: EventLog;
  /** The present hub. */
  hub(): ConsoleHub;
  /** What the hub complained of. */
  readonly complaints: string[];
  runDir(vmId?: VmId): string;
  logPath(): string;
  print(text: string | Uint8Array): void;
  /** Begins a run; openInput: what the VMM answers, by default a line that notes what is typed. */
  run(runId: string, openInput?: () => Promise<SerialInput>): void;
  readonly typed: string[];
  view(from: ConsoleStart): ConsoleViewer;
  /** The agent dies: what it had not stored is lost; then another begins. */
  crash(): void;
};

const spec: VmSpec = vmSpec();

export function createConsoleBench(
  dataDir: string,
  { clock = createSystemClock(), vmIds = ['vm'], host = createLinuxHost(), ...options }: ConsoleBenchOptions = {},
): ConsoleBench {
  const store = createSqliteStore({ dataDir });
  const condition = newCondition();
  for (const name of vmIds) {
    store.vms.insert({
      id: asVmId(name),
      name,
      spec,
      unknownKeys: {},
      condition,
      pendingSpec: null,
      createdAtMs: 0,
      startedAtMs: null,
      endedAtMs: null,
      run: null,
    });
  }
  const id = asVmId(vmIds[0] ?? '');
  const events = createEventLog({ store, clock });
  const complaints: string[] = [];
  const complain = (message: string, fields?: object) => void complaints.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const log = { info: complain, warn: complain, error: complain };
  const typed: string[] = [];
  const line = async (): Promise<SerialInput> => ({ write: async (bytes) => void typed.push(Buffer.from(bytes).toString()), close: () => {} });

  const begin = () => {
    let alive = true;
    // A dead agent stores nothing more, whatever its remains still do.
    const consoles: Store['consoles'] = { ...store.consoles, put: (record) => alive && store.consoles.put(record) };
    const hub = createConsoleHub({ store: { ...store, consoles }, host, clock, dataDir, log, events, ...options });
    hub.begin();
    return {
      hub,
      die: () => {
        alive = false;
        void hub.close();
      },
    };
  };
  let current = begin();
  const runDir = (vmId = id) => join(dataDir, 'vm', vmId);
  const logPath = () => join(runDir(), 'console.log');

  return {
    id,
    store,
    events,
    hub: () => current.hub,
    complaints,
    runDir,
    logPath,
    print: (text) => appendFileSync(logPath(), text),
    run(runId, openInput = line) {
      current.hub.runStarting(id, { runId, runDir: runDir() });
      current.hub.runStarted(id, vmmWith(openInput));
    },
    typed,
    view: (from) => viewConsole((signal) => current.hub.attach(id, { from, signal })),
    crash() {
      current.die();
      current = begin();
    },
    [Symbol.dispose]() {
      void current.hub.close();
      events.close();
      store.close();
    },
  };
}

/** All that the hub asks of a VMM. */
export function vmmWith(openInput: () => Promise<SerialInput>): Vmm {
  return new Proxy({ openInput } as Vmm, {
    get(vmm, name) {
      if (name === 'openInput') return vmm.openInput;
      if (name === 'serialSocket') return vmm.serialSocket;
      throw new Error(`the console hub asked a VMM for ${String(name)}`);
    },
  });
}
