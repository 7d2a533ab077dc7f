import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { createLinuxHost } from '@mvirt/host/linux';
import { createConsoleBench } from '@mvirt/testkit/console-bench';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { startTestVmm } from '@mvirt/testkit/test-vmm';

const mayStay = (file: string) => /^mvirt\.db|^vm(\/|$)/.test(file);
const flooding = 'head -c 262144 /dev/zero | tr "\\0" x; echo; exec cat';

for (const input of ['fifo', 'pty'] as const) {
  test(`typing reaches a real VMM by its ${input}, and again after the agent died in the middle of a flood`, async () => {
    using dir = tempDir('line');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay });
    const host = createLinuxHost();
    using bench = createConsoleBench(dir.path);
    bench.hub().runStarting(bench.id, { runId: 'first', runDir: bench.runDir() });
    await using vmm = await startTestVmm(host, bench.runDir(), ['sh', '-c', flooding], { input });
    const openInput = async () => host.vmms.openInput({ runDir: bench.runDir(), input, process: vmm.process });
    bench.run('first', openInput);
    const viewer = bench.view({ kind: 'all' });
    await viewer.until('a part of the flood', ({ text }) => text().length > 1000);
    bench.crash();
    await viewer.until('the stream to end', ({ ended }) => ended());
    bench.run('first', openInput);
    await bench.hub().write(bench.id, Buffer.from('typed by hand\n'), {});
    const resumed = bench.view({ kind: 'cursor', cursor: viewer.cursor() });
    await resumed.until('the echo', ({ text }) => text().endsWith('typed by hand\n'));
    await resumed.stop();
    expect(viewer.text() + resumed.text() === readFileSync(bench.logPath(), 'utf8')).toBe(true);
    expect(viewer.text().length + resumed.text().length).toBe(262144 + '\ntyped by hand\n'.length);
    bench.hub().runEnded(bench.id);
  });
}
