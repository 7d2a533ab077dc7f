import { existsSync, mkdirSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { bootOf, exitCause, type HypervisorKind, MvirtError, type RunRecord, type VmSpec } from '@mvirt/domain';
import type { Capabilities, HypervisorDriver, HypervisorReport } from '@mvirt/hypervisor';
import { createFakeMachine, type FakeGuest, type FakeMachine, type GuestManners } from './fake-guest.ts';
import { createFakeProcesses, type FakeProcesses } from './fake-processes.ts';
import { createFakeVmm } from './fake-vmm.ts';

export type { FakeGuest, GuestManners } from './fake-guest.ts';

export type FakeHypervisorOptions = {
  /** Share it with the fake host, so that identities count as alive there. */
  processes?: FakeProcesses;
  kind?: HypervisorKind;
  capabilities?: Partial<Capabilities>;
  /** What every new guest does; default: all of it. */
  manners?: Partial<GuestManners>;
  /** refused: check() and launch() want kernels and disks to exist, as real drivers do. */
  missingFiles?: 'refused' | 'ignored';
  /** After which a hung VMM's calls end. */
  deadlineMs?: number;
};

/** The fake outlives "agents": make another engine on the same object and adopt() what runs. */
export type FakeHypervisor = HypervisorDriver & {
  readonly processes: FakeProcesses;
  /** The VM's newest run, also after its end. @throws Error where the VM never ran. */
  control(vmId: string): FakeGuest;
  /** The next launch fails with these words, after its process was recorded. */
  failNextLaunch(words: string): void;
  /** Launches wait, spawned and recorded, until the result is called. */
  holdLaunches(): () => void;
  /** What probe() reports from now on. */
  setReport(report: Partial<HypervisorReport>): void;
  /** VMMs that live. */
  living(): FakeGuest[];
};

const mostEnded = 100;

export function createFakeHypervisor(options: FakeHypervisorOptions = {}): FakeHypervisor {
  const { processes = createFakeProcesses(), kind = 'qemu', missingFiles = 'ignored', deadlineMs = 30 } = options;
  const byRun = new Map<string, FakeMachine>();
  const byVm = new Map<string, FakeMachine>();
  let launchFailure: string | null = null;
  let gate: Promise<void> | null = null;
  let report: HypervisorReport = { kind, version: '0.0', program: '/usr/bin/fake', usable: true, accelerator: 'tcg', notes: [], hint: null };
  const capabilities: Capabilities = {
    pause: null,
    reboot: null,
    hotplugDisk: null,
    hotplugNic: null,
    resize: null,
    snapshot: null,
    blockStats: null,
    ...options.capabilities,
  };

  const forget = (machine: FakeMachine): void => {
    machine.facts.untold = [];
    machine.facts.listener = null;
    processes.signal(machine.process, 'SIGKILL');
  };

  /** Some ended runs are asked for still; a thousand of them would look like a leak. */
  const forgetLongEnded = (): void => {
    const over = [...byRun].filter(([, machine]) => machine.state().observed === 'ended');
    for (const [runId, machine] of over.slice(0, -mostEnded)) {
      byRun.delete(runId);
      if (byVm.get(machine.run.vmId) === machine) byVm.delete(machine.run.vmId);
    }
  };

  const ended = (machine: FakeMachine): Promise<void> => new Promise((resolve) => processes.onEnd(machine.process, resolve));

  const check = (spec: VmSpec): void => {
    refuseUnsupported(spec);
    if (missingFiles === 'refused') refuseMissing(spec);
  };

  return {
    kind,
    capabilities,
    processes,
    check,
    async probe({ signal }) {
      signal?.throwIfAborted();
      return report;
    },
    async launch({ run, spec, seedImage, onSpawned }, { signal }) {
      await turn();
      signal.throwIfAborted();
      check(spec);
      mkdirSync(run.runDir, { recursive: true });
      const manners: GuestManners = { hearsButton: true, ejects: true, echoes: true, ...options.manners };
      const machine = createFakeMachine({ processes, run, spec, seedImage, manners });
      byVm.set(run.vmId, machine);
      forgetLongEnded();
      try {
        onSpawned(machine.process);
        await turn();
        if (gate) await settledOrAborted(Promise.race([gate, ended(machine)]), signal);
        signal.throwIfAborted();
        const failure = launchFailure;
        launchFailure = null;
        if (failure !== null) throw new MvirtError({ code: 'START_FAILED', message: failure });
        const cause = machine.state().cause;
        if (cause) throw new MvirtError({ code: 'START_FAILED', message: cause.detail });
      } catch (error) {
        forget(machine);
        throw error;
      }
      byRun.set(run.runId, machine);
      return createFakeVmm(machine, { deadlineMs });
    },
    async adopt(run, { signal }) {
      await turn();
      signal.throwIfAborted();
      const machine = byRun.get(run.runId);
      if (!machine) throw new MvirtError({ code: 'HYPERVISOR_ERROR', message: `no VMM of run ${run.runId}` });
      const { hung } = machine.state();
      const told = machine.facts.untold.some((fact) => fact.kind === 'unresponsive');
      const size = machine.size();
      if (run.size && !isDeepStrictEqual(run.size, size)) machine.tell({ kind: 'resized', size });
      if (hung && !told) machine.tell({ kind: 'unresponsive' });
      return createFakeVmm(machine, { deadlineMs });
    },
    async causeOfEnd(run: RunRecord) {
      await turn();
      return byRun.get(run.runId)?.state().cause ?? exitCause('not-observable', 'VMM ended, status not observable');
    },
    control(vmId) {
      const machine = byVm.get(vmId);
      if (!machine) throw new Error(`VM ${vmId} never ran here`);
      return machine;
    },
    failNextLaunch(words) {
      launchFailure = words;
    },
    holdLaunches() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return () => {
        gate = null;
        resolve();
      };
    },
    setReport(change) {
      report = { ...report, ...change };
    },
    living: () => [...byRun.values()].filter((machine) => machine.state().observed !== 'ended'),
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function settledOrAborted(gate: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const leave = () => resolve();
  signal.addEventListener('abort', leave, { once: true });
  await Promise.race([gate, aborted]);
  signal.removeEventListener('abort', leave);
}

function refuseUnsupported(spec: VmSpec): void {
  const unsupported = (message: string) => new MvirtError({ code: 'UNSUPPORTED', message });
  if (spec.nics.some((nic) => nic.vhostSocket !== null)) throw unsupported('nics: vhost_socket is not supported');
  if (spec.nestedVirt) throw unsupported('nested_virt: is not possible here');
}

function refuseMissing(spec: VmSpec): void {
  const boot = bootOf(spec);
  const files = [boot.kind === 'kernel' ? boot.kernel : boot.path, boot.kind === 'kernel' ? boot.initramfs : null, ...spec.disks.map((disk) => disk.path)];
  const missing = files.find((file) => file !== null && !existsSync(file));
  if (missing) throw new MvirtError({ code: 'FILE_NOT_FOUND', message: `${missing} does not exist` });
}
