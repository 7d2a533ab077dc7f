import { test } from 'bun:test';
import { createLinuxHost } from '@mvirt/host/linux';
import { lackingCloudHypervisor } from '@mvirt/testkit/hypervisor/cloud-hypervisor-bench';
import { rustDaemonCases } from '@mvirt/testkit/rust-daemon/cases';

rustDaemonCases({ name: 'cloud-hypervisor', missing: lackingCloudHypervisor(), host: () => createLinuxHost() }, test);
