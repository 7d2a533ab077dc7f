import { test } from 'bun:test';
import { createLinuxHost } from '@mvirt/host/linux';
import { lackingCloudHypervisor } from '@mvirt/testkit/hypervisor/cloud-hypervisor-bench';
import { rustAgentCase, rustSilentLineCase } from '@mvirt/testkit/rust-daemon/agent-case';

const bench = { name: 'cloud-hypervisor', missing: lackingCloudHypervisor(), host: () => createLinuxHost() };
rustAgentCase(bench, test);
rustSilentLineCase(bench, test);
