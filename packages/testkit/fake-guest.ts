import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Disk, type ExitCause, exitCause, type LaunchNic, type ProcessIdentity, type RunRecord, type VmSize, type VmSpec } from '@mvirt/domain';
import { runFiles } from '@mvirt/host';
import type { VmmFact } from '@mvirt/hypervisor';
import type { FakeProcesses } from './fake-processes.ts';
import { createFakeSize, type FakeSize } from './fake-size.ts';

/** What a fake guest does by itself; may be changed while it runs. */
export type GuestManners = { hearsButton: boolean; ejects: boolean; echoes: boolean };

/** The test's hand on one run of a fake VM: the guest's own doings, and the VMM's accidents. */
export type FakeGuest = {
  readonly process: ProcessIdentity;
  readonly run: RunRecord;
  readonly spec: VmSpec;
  readonly seedImage: string | null;
  readonly manners: GuestManners;
  state(): { observed: 'running' | 'paused' | 'ended'; hung: boolean; resets: number; buttonPresses: number; cause: ExitCause | null };
  /** Paths and MACs of what is plugged in, pending removals included. */
  devices(): string[];
  /** What it has: vCPUs that it was asked to let go of, and has not, included. */
  size(): VmSize;
  /** Lets go of the vCPUs that it was asked for. */
  letVcpusGo(): void;
  powerOff(): void;
  reboot(): void;
  panic(): void;
  /** The VMM ends by this signal; without one it exits with status 1. */
  crash(signal?: string): void;
  /** What happens from now on is told to nobody. */
  loseFacts(): void;
  /** The VMM answers nothing and the guest stands still (SIGSTOP) until wake(). */
  hang(): void;
  wake(): void;
  /** Appends to console.log, as the serial line does. */
  print(bytes: Uint8Array | string): void;
  /** All that was typed so far. */
  input(): Uint8Array;
};

/** The VMM's side of it, for the fake driver. */
export type FakeMachine = FakeGuest & {
  readonly disks: Disk[];
  readonly nics: LaunchNic[];
  readonly pending: Set<string>;
  facts: { untold: VmmFact[]; listener: ((fact: VmmFact) => void) | null };
  tell(fact: VmmFact): void;
  /** Tells the listener what it was not told yet, soon. */
  flush(): void;
  setPaused(paused: boolean): void;
  pressButton(): void;
  cutPower(): void;
  letGo(device: string): void;
  resize: FakeSize['resize'];
  type(bytes: Uint8Array): void;
};

export type FakeMachineDeps = { processes: FakeProcesses; run: RunRecord; spec: VmSpec; seedImage: string | null; manners: GuestManners };

export function createFakeMachine({ processes, run, spec, seedImage, manners }: FakeMachineDeps): FakeMachine {
  const typed: Uint8Array[] = [];
  const disks = [...run.disks];
  const nics = [...run.nics];
  const pending = new Set<string>();
  const facts: FakeMachine['facts'] = { untold: [], listener: null };
  let observed: 'running' | 'paused' | 'ended' = 'running';
  let hung = false;
  let lost = false;
  let resets = 0;
  let buttonPresses = 0;
  let buttonWaits = false;
  let cause: ExitCause | null = null;

  const process = processes.start({
    cwd: run.runDir,
    onSignal(signal) {
      if (signal === 'SIGKILL') end(exitCause('vmm-signal', 'VMM ended by signal SIGKILL', { signal: 'SIGKILL' }));
      if (signal === 'SIGSTOP') hang();
      if (signal === 'SIGCONT') wake();
      if (signal === 'SIGTERM' && !hung) end(exitCause('vmm-exit', 'VMM was asked to end by signal SIGTERM', { exitStatus: 0 }));
    },
  });

  function tell(fact: VmmFact): void {
    if (lost) return;
    facts.untold.push(fact);
    flush();
  }

  function flush(): void {
    queueMicrotask(() => {
      while (facts.listener && facts.untold.length > 0) {
        const next = facts.untold.shift();
        if (next) facts.listener(next);
      }
    });
  }

  function end(why: ExitCause): void {
    if (observed === 'ended') return;
    observed = 'ended';
    hung = false;
    cause = why;
    processes.end(process);
    tell({ kind: 'ended', cause: why });
  }

  function hang(): void {
    if (hung || observed === 'ended') return;
    hung = true;
    tell({ kind: 'unresponsive' });
  }

  function wake(): void {
    if (!hung) return;
    hung = false;
    tell({ kind: 'responsive' });
  }

  const lives = (): boolean => observed !== 'ended' && !hung;

  const size = createFakeSize({ spec, ejects: () => manners.ejects && observed === 'running', onResized: (size) => tell({ kind: 'resized', size }) });

  const letGo = (device: string): void => {
    pending.delete(device);
    remove(disks, (disk) => disk.path === device);
    remove(nics, (nic) => nic.mac === device);
    tell({ kind: 'device-removed', device });
  };

  const hearButton = (): void => {
    buttonWaits = false;
    if (manners.hearsButton) end(exitCause('guest-power-off', 'the guest powered off'));
  };

  const print = (bytes: Uint8Array | string): void => {
    mkdirSync(run.runDir, { recursive: true });
    appendFileSync(join(run.runDir, runFiles.console), bytes);
  };

  return {
    process,
    run,
    spec,
    seedImage,
    manners,
    disks,
    nics,
    pending,
    facts,
    tell,
    flush,
    letGo,
    letVcpusGo: size.letVcpusGo,
    resize: size.resize,
    print,
    loseFacts() {
      lost = true;
    },
    hang,
    wake,
    state: () => ({ observed, hung, resets, buttonPresses, cause }),
    devices: () => [...disks.map((disk) => disk.path), ...nics.map((nic) => nic.mac)],
    size: size.now,
    input: () => Buffer.concat(typed),
    powerOff() {
      if (lives()) end(exitCause('guest-power-off', 'the guest powered off'));
    },
    reboot() {
      if (!lives()) return;
      resets++;
      for (const device of [...pending]) letGo(device);
      size.letVcpusGo();
      tell({ kind: 'guest-reset' });
    },
    panic() {
      if (!lives()) return;
      tell({ kind: 'guest-panicked' });
      end(exitCause('guest-panic', 'the guest panicked'));
    },
    crash(signal) {
      if (signal === undefined) end(exitCause('vmm-exit', 'VMM exited with status 1', { exitStatus: 1 }));
      else end(exitCause('vmm-signal', `VMM ended by signal ${signal}`, { signal }));
    },
    setPaused(paused) {
      if (observed === 'ended' || (observed === 'paused') === paused) return;
      observed = paused ? 'paused' : 'running';
      tell({ kind: paused ? 'guest-paused' : 'guest-resumed' });
      if (!paused && buttonWaits) hearButton();
    },
    pressButton() {
      buttonPresses++;
      if (observed === 'paused') buttonWaits = true;
      else hearButton();
    },
    cutPower() {
      end(exitCause('powered-off', 'powered off'));
    },
    type(bytes) {
      typed.push(bytes.slice());
      if (manners.echoes && observed === 'running' && !hung) print(bytes);
    },
  };
}

function remove<T>(list: T[], matches: (item: T) => boolean): void {
  const at = list.findIndex(matches);
  if (at >= 0) list.splice(at, 1);
}
