import { expect, test } from 'bun:test';
import type { RunRecord } from '@mvirt/domain';
import { exitCause } from '@mvirt/domain';
import type { VmmExit } from '@mvirt/host';
import { createFakeHost } from '@mvirt/testkit/fake-host';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { type EndingFacts, settleEnding } from './ending.ts';

const log = ['br0: port 1 entered blocking state', 'Out of memory: Killed process 42 (qemu-system-x86) total-vm:1kB', 'Killed process 4 of another'].join('\n');

/** What is told of an end with this exit, and how often the kernel's log was read for it. */
async function ending(exit: VmmExit | null): Promise<{ outOfMemory: string | null; asked: number }> {
  using dir = tempDir('ending');
  const fake = createFakeHost();
  fake.installed.add('dmesg');
  let asked = 0;
  const programs = {
    ...fake.programs,
    async run(argv: string[]) {
      if (argv[0]?.endsWith('dmesg')) asked += 1;
      return { stdout: log, stderr: '' };
    },
  };
  const host = { ...fake, programs, vmms: { ...fake.vmms, waitExit: async () => exit } };
  const process = { pid: 42, startTicks: 1, bootId: host.processes.bootId };
  const run: RunRecord = { vmId: 'a', runDir: dir.path, runId: 'r', hypervisor: 'qemu', process, disks: [], nics: [] };
  const seen: EndingFacts[] = [];
  const judge = (facts: EndingFacts) => {
    seen.push(facts);
    return exitCause('vmm-signal', 'ended');
  };
  await settleEnding(host, run, { exitFile: 'exit', told: false, judge });
  return { outOfMemory: seen[0]?.outOfMemory ?? null, asked };
}

const killed = { status: null, signal: 'SIGKILL' } as const;

test("a kill without a control group: the kernel's log tells of this pid", async () =>
  expect(await ending(killed)).toEqual({ outOfMemory: expect.stringContaining('Killed process 42 '), asked: 1 }));

test('a kill that the group has counted: the log tells more of it', async () =>
  expect(await ending({ ...killed, outOfMemory: true })).toEqual({ outOfMemory: expect.stringContaining('Killed process 42 '), asked: 1 }));

test('the group has counted none: nobody reads the log', async () =>
  expect(await ending({ ...killed, outOfMemory: false })).toEqual({ outOfMemory: null, asked: 0 }));

test('an end by another signal, or by itself', async () => {
  expect(await ending({ status: null, signal: 'SIGSEGV' })).toEqual({ outOfMemory: null, asked: 0 });
  expect(await ending({ status: 1, signal: null })).toEqual({ outOfMemory: null, asked: 0 });
});
