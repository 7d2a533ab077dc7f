import { test } from 'bun:test';
import { hypervisorContract } from '@mvirt/testkit/hypervisor/contract';
import { nicCasesInNamespace } from '@mvirt/testkit/hypervisor/net-rerun';
import { qemuTinyBench } from '@mvirt/testkit/hypervisor/qemu-bench';

hypervisorContract(qemuTinyBench('QEMU, the bare-metal guest', ''), test);
hypervisorContract(qemuTinyBench('QEMU, the bare-metal guest, deaf and keeping what it has', 'deaf keep'), test);

nicCasesInNamespace(import.meta.path, { cases: 2, timeoutMs: 60_000 });
