import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { doubleServices, doubleVm } from '@mvirt/testkit/double-services';
import { serveDouble } from '@mvirt/testkit/serve-double';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createAgentClient } from './index.ts';

const chunk = new Uint8Array(65_536).fill(0x61);
const chunks = 1024;
const mib = 1 << 20;

test('a client that is stopped holds up a few MiB and nobody else, and is cut off', async () => {
  using dir = tempDir();
  const services = doubleServices();
  const vm = doubleVm('flood');
  services.vmsById.set(vm.id, vm);
  await using served = await serveDouble(dir.join('s'), services, { pingMs: 500, pongWaitMs: 500 });
  let pulled = 0;
  const fast = createAgentClient({ socketPath: dir.join('s') });
  services.consoles.attach = async function* (_, { signal }) {
    for (let sent = 0; sent < chunks && !signal.aborted; sent += 1) {
      pulled += chunk.length;
      yield { kind: 'data', bytes: chunk, cursor: `log:${sent + 1}` };
      if (sent === 0) await go.promise;
    }
  };
  const go = Promise.withResolvers<void>();
  const stuck = spawn(process.execPath, [new URL('../../testkit/console-reader.ts', import.meta.url).pathname, dir.join('s')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(stuck.stdout, 'data');
    stuck.kill('SIGSTOP');
    go.resolve();
    await waitFor('the buffer to fill', () => pulled > mib);
    const calm = process.memoryUsage().rss;
    expect(await fast.api.vm.list.query()).toHaveLength(1);
    await waitFor('the stopped client to be cut off', () => served.server.clients() === 1);
    expect(pulled).toBeLessThan(4 * mib);
    expect(process.memoryUsage().rss - calm).toBeLessThan(64 * mib);
  } finally {
    const ended = once(stuck, 'exit');
    stuck.kill('SIGKILL');
    await ended;
  }
  const all = pulled;
  let got = 0;
  const reading = fast.api.console.attach.subscribe({ vm: 'flood' }, { onData: ({ data }) => (got += data.kind === 'data' ? data.bytes.length : 0) });
  await waitFor('a client that reads to get all', () => got === chunks * chunk.length);
  expect(pulled - all).toBe(chunks * chunk.length);
  reading.unsubscribe();
  await fast.close();
}, 40_000);
