import { test } from 'bun:test';
import { hostWithFake } from '@mvirt/testkit/hypervisor/fake-cloud-hypervisor-bench';
import { rustAgentCase } from '@mvirt/testkit/rust-daemon/agent-case';

rustAgentCase({ name: 'a fake cloud-hypervisor', missing: null, host: hostWithFake }, test);
