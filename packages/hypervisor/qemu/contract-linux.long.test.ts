import { test } from 'bun:test';
import { hypervisorContract } from '@mvirt/testkit/hypervisor/contract';
import { nicCasesInNamespace } from '@mvirt/testkit/hypervisor/net-rerun';
import { qemuLinuxBench } from '@mvirt/testkit/hypervisor/qemu-bench';
import { linuxGuest } from '@mvirt/testkit/linux-guest';

// The bare-metal guest goes through the same cases in a third of the time: this one takes its turn with the long tests.
const { guest, missing } = await linuxGuest();
hypervisorContract(qemuLinuxBench(guest, missing), test);

nicCasesInNamespace(import.meta.path, { cases: 1, timeoutMs: 120_000, missing });
