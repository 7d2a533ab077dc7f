import { afterAll, afterEach, beforeEach, describe, expect, type test } from 'bun:test';
import type { ProcessIdentity } from '@mvirt/domain';
import type { HypervisorDriver, LaunchRequest, Vmm } from '@mvirt/hypervisor';
import { waitFor } from '../wait-for.ts';
import { agentCases } from './agent-cases.ts';
import type { BenchRoom, GuestHand, HypervisorBench } from './bench.ts';
import { diskCases, nicCases } from './device-cases.ts';
import { type FactLog, listenTo } from './fact-log.ts';
import { failureCases } from './failure-cases.ts';
import { lifecycleCases } from './lifecycle-cases.ts';
import { resizeCases } from './resize-cases.ts';

/** A VM that a test has launched. */
export type Launched = { request: LaunchRequest; vmm: Vmm; facts: FactLog; guest: GuestHand; process: ProcessIdentity };

/** What every case works with; the room is emptied and checked after each. */
export type Stage = {
  bench: HypervisorBench;
  room(): BenchRoom;
  /** The agent at hand: made with the room, replaced by nextAgent(). */
  driver(): HypervisorDriver;
  nextAgent(): HypervisorDriver;
  launch(parts?: Parameters<BenchRoom['request']>[0]): Promise<Launched>;
  /** Processes that launches have recorded, failed ones included. */
  spawned: ProcessIdentity[];
};

export type Cases = (stage: Stage, test: TestOf) => void;
export type TestOf = (name: string, run: () => Promise<void>) => void;

/** What every hypervisor driver promises, on every bench. Call it once in a test file of its own. */
export function hypervisorContract(bench: HypervisorBench, bunTest: typeof test): void {
  if (bench.missing !== null) console.log(`skip: ${bench.name}: ${bench.missing}`);
  else if (bench.missingForNics !== null) console.log(`skip: ${bench.name}: NICs: ${bench.missingForNics}`);
  const runTest = bunTest.skipIf(bench.missing !== null);
  const timeoutMs = bench.guestMs * 4 + 20_000;

  describe(`hypervisor contract: ${bench.name}`, () => {
    let room: BenchRoom | null = null;
    let driver: HypervisorDriver | null = null;
    const spawned: ProcessIdentity[] = [];
    const handles: Vmm[] = [];

    const stage: Stage = {
      bench,
      spawned,
      room: () => need(room),
      driver: () => need(driver),
      nextAgent() {
        for (const vmm of handles.splice(0)) vmm.close();
        driver = need(room).agent();
        return driver;
      },
      async launch(parts) {
        const request = need(room).request(parts);
        const onSpawned = (process: ProcessIdentity) => {
          spawned.push(process);
          request.run.process = process;
        };
        const vmm = await need(driver).launch({ ...request, onSpawned }, { signal: AbortSignal.timeout(60_000) });
        handles.push(vmm);
        return { request, vmm, facts: listenTo(vmm), guest: need(room).guestOf(request, vmm), process: vmm.process };
      },
    };

    beforeEach(async () => {
      if (bench.missing !== null) return;
      room = await bench.open();
      driver = room.agent();
    });

    afterEach(async () => {
      if (room === null) return;
      const { processes } = room;
      for (const process of spawned) processes.signal(process, 'SIGKILL');
      await waitFor('every VMM to be gone', () => spawned.every((process) => !processes.isAlive(process)));
      for (const vmm of handles.splice(0)) vmm.close();
      spawned.length = 0;
      const left = room.leftovers();
      await room[Symbol.asyncDispose]();
      room = null;
      expect(left).toEqual([]);
    });

    afterAll(() => bench.close?.());

    const testOf: TestOf = (name, run) => void runTest(name, run, timeoutMs);
    const nicTestOf: TestOf = (name, run) => void bunTest.skipIf((bench.missing ?? bench.missingForNics) !== null)(name, run, timeoutMs);
    lifecycleCases(stage, testOf);
    resizeCases(stage, testOf);
    diskCases(stage, testOf);
    nicCases(stage, nicTestOf);
    agentCases(stage, testOf);
    failureCases(stage, testOf);
  });
}

function need<T>(value: T | null): T {
  if (value === null) throw new Error('used outside a test');
  return value;
}
