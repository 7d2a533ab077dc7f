import { test } from 'bun:test';
import { hostWithFake } from '@mvirt/testkit/hypervisor/fake-cloud-hypervisor-bench';
import { rustDaemonCases, rustFloodCase } from '@mvirt/testkit/rust-daemon/cases';

const bench = { name: 'a fake cloud-hypervisor', missing: null, host: hostWithFake, kvm: () => null };
rustDaemonCases(bench, test);
rustFloodCase(bench, test);
