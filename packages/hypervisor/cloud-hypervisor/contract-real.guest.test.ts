import { test } from 'bun:test';
import { cloudHypervisorBench, lackingCloudHypervisor } from '@mvirt/testkit/hypervisor/cloud-hypervisor-bench';
import { hypervisorContract } from '@mvirt/testkit/hypervisor/contract';
import { nicCasesInNamespace } from '@mvirt/testkit/hypervisor/net-rerun';

const missing = lackingCloudHypervisor();
hypervisorContract(cloudHypervisorBench({ name: 'cloud-hypervisor, the bare-metal guest', cmdline: '', missing }), test);
hypervisorContract(cloudHypervisorBench({ name: 'cloud-hypervisor, the bare-metal guest, deaf and keeping what it has', cmdline: 'deaf keep', missing }), test);

nicCasesInNamespace(import.meta.path, { cases: 2, timeoutMs: 60_000, missing });
