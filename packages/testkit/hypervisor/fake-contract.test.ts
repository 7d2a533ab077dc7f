import { test } from 'bun:test';
import { hypervisorContract } from './contract.ts';
import { fakeBench } from './fake-bench.ts';

hypervisorContract(fakeBench('fake, a guest that does all', { hearsButton: true, ejects: true }), test);
hypervisorContract(fakeBench('fake, a guest that is deaf and keeps what it has', { hearsButton: false, ejects: false }), test);
