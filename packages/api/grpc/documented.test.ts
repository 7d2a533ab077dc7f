import { expect, test } from 'bun:test';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { compileProto, noPython, python } from '@mvirt/testkit/contract/python';
import { openBench } from '@mvirt/testkit/engine/bench';
import { serveGrpc } from '@mvirt/testkit/grpc-bridge';
import proto from '../../../proto/mvirt.proto' with { type: 'text' };

const missing = noPython();
if (missing) console.log(`skipped: ${missing}`);

test.skipIf(missing !== null)("docs/grpc.md's client in Python does what it says", async () => {
  await using bench = await openBench();
  await using bridge = await serveGrpc(bench.engine(), null);
  using stubs = compileProto(proto);
  const document = readFileSync(new URL('../../../docs/grpc.md', import.meta.url), 'utf8');
  const [, snippet = ''] = /```python\n(.*?)```/s.exec(document) ?? [];
  const script = snippet.replace('[::1]:50051', bridge.target).replace('/boot/vmlinuz', bench.file('kernel'));
  const { stdout } = await promisify(execFile)(python, ['-c', script], { env: { ...process.env, PYTHONPATH: stubs.path, PYTHONDONTWRITEBYTECODE: '1' } });
  expect(stdout).toBe(`web-1 runs: True\nFAILED_PRECONDITION WRONG_STATE\nstarted at ${Math.floor(bench.clock.nowMs() / 1000)}\n`);
});
