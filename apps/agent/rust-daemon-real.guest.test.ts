import { test } from 'bun:test';
import { createLinuxHost } from '@mvirt/host/linux';
import { lackingCloudHypervisor } from '@mvirt/testkit/hypervisor/cloud-hypervisor-bench';
import { rustAgentCase } from '@mvirt/testkit/rust-daemon/agent-case';

rustAgentCase({ name: 'cloud-hypervisor', missing: lackingCloudHypervisor(), host: () => createLinuxHost() }, test);
