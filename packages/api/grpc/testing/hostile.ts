import { expect } from 'bun:test';
import { openGrpcBench } from '@mvirt/testkit/grpc-bench';
import { fuzzGrpc } from '@mvirt/testkit/grpc-fuzz';

const portion = 500;

/** Every method with hostile values and mutated bytes: the agent lives, and every refusal has a status and says why. */
export async function surviveHostileCalls(cases: number, seed: number): Promise<void> {
  await using grpc = await openGrpcBench();
  const { client, bench, bridge } = grpc;
  await grpc.create({}, { id: 'target' });
  const seen = new Set<string>();
  for (let done = 0; done < cases; done += portion) {
    const { outcomes, created } = await fuzzGrpc({ target: bridge.target, seed: seed + done, cases: Math.min(portion, cases - done), vmId: 'target' });
    for (const { method, request, status, details, code } of outcomes) {
      const what = `${method} ${request.toString('hex').slice(0, 400)}: ${status} ${details}`;
      expect(details, what).not.toBe('');
      // INTERNAL: bytes that are no message, or a host that cannot (no such TAP); never a defect.
      const allowed = ['INVALID_ARGUMENT', 'NOT_FOUND', 'ALREADY_EXISTS', 'FAILED_PRECONDITION', 'RESOURCE_EXHAUSTED', 'INTERNAL'];
      expect(allowed, what).toContain(status);
      if (code === null && status === 'INTERNAL') expect(details, what).toBe('Error deserializing request');
      expect(code, what).not.toBe('INTERNAL');
      seen.add(`${method} ${status}`);
    }
    for (const id of created) if (id !== 'target') await removed(id);
  }
  expect(await client.call('GetVm', { id: 'target' })).toMatchObject({ id: 'target' });
  // The bytes did reach what they were made for.
  for (const reached of [
    'CreateVm INVALID_ARGUMENT',
    'GetVm NOT_FOUND',
    'StopVm FAILED_PRECONDITION',
    'AttachDisk INVALID_ARGUMENT',
    'Console INVALID_ARGUMENT',
  ]) {
    expect([...seen]).toContain(reached);
  }

  async function removed(id: string): Promise<void> {
    if (
      !bench
        .vms()
        .list()
        .some((vm) => vm.id === id)
    )
      return;
    await client.call('KillVm', { id }).catch(() => {});
    await client.call('DeleteVm', { id });
  }
}
