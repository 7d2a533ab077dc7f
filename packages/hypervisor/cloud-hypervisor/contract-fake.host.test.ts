import { test } from 'bun:test';
import { hypervisorContract } from '@mvirt/testkit/hypervisor/contract';
import { fakeCloudHypervisorBench } from '@mvirt/testkit/hypervisor/fake-cloud-hypervisor-bench';
import { nicCasesInNamespace } from '@mvirt/testkit/hypervisor/net-rerun';

hypervisorContract(fakeCloudHypervisorBench('a fake cloud-hypervisor', ''), test);
hypervisorContract(fakeCloudHypervisorBench('a fake cloud-hypervisor, its guest deaf and keeping what it has', 'deaf keep'), test);

nicCasesInNamespace(import.meta.path, { cases: 2, timeoutMs: 60_000 });
