import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { runProbe } from './probe-run.ts';

/** A host so busy that the guest needs longer to come up than short patience gives it. */
const lateGuest = '#!/bin/sh\nsleep 1 && echo TINY up && echo TINY probe done\n';

test('on a busy host long patience waits for the guest, short does not', async () => {
  using dir = tempDir('probe');
  const timeout = dir.join('timeout');
  writeFileSync(timeout, lateGuest, { mode: 0o755 });
  const options = { timeout, argv: ['a-vmm'], signal: AbortSignal.timeout(30_000) };
  expect((await runProbe({ ...options, patience: 'short' })).kind).toBe('silent');
  expect((await runProbe({ ...options, patience: 'long' })).kind).toBe('done');
});
