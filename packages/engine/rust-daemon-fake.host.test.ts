import { test } from 'bun:test';
import { hostWithFake } from '@mvirt/testkit/hypervisor/fake-cloud-hypervisor-bench';
import { rustDaemonCases, rustFloodCase, rustNicCase } from '@mvirt/testkit/rust-daemon/cases';

const bench = { name: 'a fake cloud-hypervisor', missing: null, host: hostWithFake, kvm: () => null };
rustDaemonCases(bench, test);
rustFloodCase(bench, test);
rustNicCase(bench, test);
