import { test } from 'bun:test';
import { createLinuxHost } from '@mvirt/host/linux';
import { lackingCloudHypervisor } from '@mvirt/testkit/hypervisor/cloud-hypervisor-bench';
import { rustFloodCase } from '@mvirt/testkit/rust-daemon/cases';

rustFloodCase({ name: 'cloud-hypervisor', missing: lackingCloudHypervisor(), host: () => createLinuxHost() }, test);
