import { expect, test } from 'bun:test';
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { errorTable } from '@mvirt/domain';
import { failure } from '@mvirt/testkit/engine/failure';
import { vmDocumentSchema } from '../../schema/index.ts';
import { createVmServiceDefinition, type Vm } from '../../wire/index.ts';
import { createGrpcVmClient } from './vm-client.ts';

const { signal } = new AbortController();
const plainTls = { ca: null, identity: null };

/** A server with the given methods, and a client of it that is patient for so long. */
async function open(methods: UntypedServiceImplementation, answerMs = 20_000) {
  const server = new Server();
  server.addService(createVmServiceDefinition(), methods);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  const client = createGrpcVmClient({ address: { kind: 'tcp', host: '127.0.0.1', port, tls: false }, tls: plainTls, answerMs });
  return {
    client,
    [Symbol.dispose]() {
      client[Symbol.dispose]();
      server.forceShutdown();
    },
  };
}

const lists = (...vms: Partial<Vm>[]): UntypedServiceImplementation => ({
  ListVms: (_: unknown, answer: (error: null, response: unknown) => void) => answer(null, { vms }),
});

test('a server that takes a call and says nothing is given up after its time', async () => {
  using one = await open({ ListVms: () => {} }, 200);
  expect(await failure(one.client.list({ signal }))).toMatchObject({ code: 'TIMEOUT', message: expect.stringContaining('Deadline exceeded') });
});

test('a call that is given up is cancelled at the server', async () => {
  const cancelled = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  using one = await open({
    ...lists({ id: 'a' }),
    StopVm: (call: { on(event: string, listener: () => void): void }) => {
      call.on('cancelled', cancelled.resolve);
      begun.resolve();
    },
  });
  const interrupt = new AbortController();
  const stop = failure(one.client.stop('a', null, { signal: interrupt.signal }));
  await begun.promise;
  interrupt.abort();
  expect(await stop).toMatchObject({ code: 'CANCELLED' });
  await cancelled.promise;
});

test('whatever a server says of a VM is a document: absent fields, states of a later release, times and sizes beyond all bounds', async () => {
  const last = '9223372036854775807' as const;
  using one = await open(
    lists(
      { id: 'bare' },
      {
        id: 'odd',
        name: '',
        state: 77,
        created_at: `-${last}`,
        started_at: last,
        config: { vcpus: 0, memory_mb: '18446744073709551615', kernel: '', disks: [], nics: [{ mac: '' }], boot_mode: 9, nested_virt: true },
      },
    ),
  );
  const vms = await one.client.list({ signal });
  for (const vm of vms) expect(vmDocumentSchema.parse(vm)).toEqual(vm);
  const [bare, odd] = vms;
  expect(bare).toMatchObject({
    id: 'bare',
    name: null,
    state: null,
    vcpus: 0,
    memoryBytes: 0,
    createdAt: '1970-01-01T00:00:00.000Z',
    startedAt: null,
    disks: [],
  });
  expect(odd).toMatchObject({
    name: null,
    state: null,
    kernel: null,
    createdAt: '1970-01-01T00:00:00.000Z',
    startedAt: '9999-12-31T23:59:59.000Z',
    memoryBytes: Number.MAX_SAFE_INTEGER,
    nics: [{ mac: null }],
  });
});

test.each([
  [1, 'CANCELLED', 130],
  [2, 'INTERNAL', 1],
  [3, 'INVALID_ARGUMENT', 2],
  [4, 'TIMEOUT', 5],
  [5, 'VM_NOT_FOUND', 3],
  [6, 'ID_TAKEN', 4],
  [7, 'DENIED', 7],
  [8, 'TOO_MANY', 1],
  [9, 'WRONG_STATE', 4],
  [10, 'WRONG_STATE', 4],
  [11, 'INVALID_ARGUMENT', 2],
  [12, 'UNSUPPORTED', 1],
  [13, 'INTERNAL', 1],
  [14, 'AGENT_UNREACHABLE', 6],
  [15, 'INTERNAL', 1],
  [16, 'DENIED', 7],
  [42, 'INTERNAL', 1],
] as const)('status %d is %s, whose exit status is %d', async (status, code, exit) => {
  using one = await open({
    ListVms: (_: unknown, answer: (error: { code: number; details: string }) => void) => answer({ code: status, details: 'so it is' }),
  });
  const error = await failure(one.client.list({ signal }));
  expect(error).toMatchObject({ code, hint: expect.stringMatching(/.{8}/) });
  expect(errorTable[code].exit).toBe(exit);
  expect(String(error)).toContain(status === 12 ? 'has no ListVms' : 'so it is');
});
