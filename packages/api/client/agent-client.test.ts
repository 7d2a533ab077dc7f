import { expect, test } from 'bun:test';
import { doubleVm } from '@mvirt/testkit/double-services';
import { serveDouble } from '@mvirt/testkit/serve-double';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { createAgentClient } from './agent-client.ts';
import { createOneShot } from './one-shot.ts';

test('both clients call through a Unix socket', async () => {
  using dir = tempDir();
  const path = dir.join('agent.sock');
  await using served = await serveDouble(path);
  const vm = doubleVm('vm-1', 'web');
  served.services.vmsById.set(vm.id, vm);
  const client = createAgentClient({ socketPath: path });
  expect((await client.api.vm.list.query()).map(({ name }) => name)).toEqual(['web']);
  expect((await createOneShot({ socketPath: path }).vm.get.query({ vm: 'web' })).id).toBe('vm-1');
  await client.api.console.write.mutate({ vm: 'web', bytes: Uint8Array.of(0, 1, 255) });
  expect(served.services.typed).toEqual([Uint8Array.of(0, 1, 255)]);
  await client.close();
});
