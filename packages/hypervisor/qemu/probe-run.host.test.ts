import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { runProbe } from './probe-run.ts';

/** A host so busy that the guest needs longer to come up than KVM is given. */
const lateGuest = '#!/bin/sh\nsleep 1 && echo TINY up && echo TINY probe done\n';

test('on a busy host TCG is waited for, KVM is not', async () => {
  using dir = tempDir('probe');
  const timeout = dir.join('timeout');
  writeFileSync(timeout, lateGuest, { mode: 0o755 });
  const options = { program: 'qemu', timeout, guestImage: '/tiny.elf', signal: AbortSignal.timeout(30_000) };
  expect((await runProbe({ ...options, accelerator: { name: 'kvm', cpu: 'host' } })).kind).toBe('silent');
  expect((await runProbe({ ...options, accelerator: { name: 'tcg', cpu: 'max' } })).kind).toBe('done');
});
