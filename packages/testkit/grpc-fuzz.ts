import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { createVmServiceDefinition, type VmMethods } from '@mvirt/api/wire';

/** A call with hostile bytes that was refused. code: our own; null: refused before the bridge saw it. */
export type FuzzOutcome = { method: string; request: Buffer; status: string; details: string; code: string | null };

export type FuzzOptions = { target: string; seed: number; cases: number; vmId: string; concurrency?: number };

const hostileTexts = [
  '',
  '../x',
  '-rf',
  'a,readonly=off',
  'a\nb',
  'a\0b',
  '\u001b[2J',
  'x'.repeat(300),
  'é'.repeat(40_000),
  '\u202egpj',
  '😀',
  '/proc/self/mem',
  '/srv/../etc/shadow',
  '/dev/null',
  '/',
  '%00%n%s',
  '{"a":1}',
  '52:54:00:zz:00:00',
  'ff:ff:ff:ff:ff:ff',
];
const hostileNumbers = [0, 1, 7, 2 ** 31, 2 ** 32 - 1];
const hostileLongs = ['0', '1', '18446744073709551615', '9007199254740993', '9223372036854775808'] as const;

/** vmId names a VM. Repeatable: the same seed gives the same calls. Streams are opened, sent one message, and left. Answers what was refused, and the ids of VMs that were made. */
export async function fuzzGrpc({ target, seed, cases, vmId, concurrency = 16 }: FuzzOptions): Promise<{ outcomes: FuzzOutcome[]; created: string[] }> {
  const service = createVmServiceDefinition();
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const text = () => (random() < 0.3 ? vmId : pick(hostileTexts));
  const maybe = <T>(value: () => T): T | undefined => (random() < 0.5 ? value() : undefined);
  const disk = () => ({ path: text(), readonly: random() < 0.5 });
  const nic = () => defined({ tap: maybe(text), mac: maybe(text), vhost_socket: maybe(text) });
  const config = () => ({
    vcpus: pick(hostileNumbers),
    memory_mb: pick(hostileLongs),
    ...defined({ kernel: maybe(text), initramfs: maybe(text), cmdline: maybe(text), user_data: maybe(text) }),
    disks: Array.from({ length: Math.floor(random() * 3) }, disk),
    nics: Array.from({ length: Math.floor(random() * 3) }, nic),
    boot_mode: pick([0, 1, 2, 3, -1]),
    nested_virt: random() < 0.5,
  });
  const requests: { [N in keyof VmMethods]: () => VmMethods[N]['request'] } = {
    CreateVm: () => ({ ...defined({ name: maybe(text), id: maybe(() => pick(hostileTexts)) }), config: maybe(config) ?? null }),
    GetVm: () => ({ id: text() }),
    ListVms: () => ({}),
    DeleteVm: () => ({ id: pick(hostileTexts) }),
    StartVm: () => ({ id: text() }),
    StopVm: () => ({ id: text(), timeout_seconds: pick(hostileNumbers) }),
    KillVm: () => ({ id: text() }),
    AttachDisk: () => ({ vm_id: text(), disk: maybe(disk) ?? null }),
    DetachDisk: () => ({ vm_id: text(), path: text() }),
    AttachNic: () => ({ vm_id: text(), nic: maybe(nic) ?? null }),
    DetachNic: () => ({ vm_id: text(), mac: text() }),
    Console: () => ({ vm_id: text(), data: Buffer.from(pick(hostileTexts)) }),
    WatchVms: () => defined({ vm_id: maybe(text) }),
    GetVersion: () => ({}),
    GetSystemInfo: () => ({}),
  };
  const names = Object.keys(requests) as (keyof VmMethods)[];

  const client = new Client(target, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const outcomes: FuzzOutcome[] = [];
  const created: string[] = [];
  const payload = <N extends keyof VmMethods>(method: N): Buffer => service[method].requestSerialize(requests[method]());
  const bytesIn = (bytes: Buffer) => bytes;

  const attempt = async (method: keyof VmMethods, request: Buffer): Promise<void> => {
    const { path, requestStream, responseStream } = service[method];
    const ended = Promise.withResolvers<void>();
    const failed = (error: ServiceError | null) => {
      if (error !== null && error.code !== status.CANCELLED)
        outcomes.push({ method, request, status: status[error.code], details: error.details, code: error.metadata.get('mvirt-code')[0]?.toString() ?? null });
      ended.resolve();
    };
    if (!responseStream) {
      client.makeUnaryRequest(path, bytesIn, bytesIn, request, new Metadata(), { deadline: Date.now() + 30_000 }, (error, answer) => {
        if (method === 'CreateVm' && answer) created.push(service.CreateVm.responseDeserialize(answer).id);
        failed(error);
      });
    } else if (requestStream) {
      const call = client.makeBidiStreamRequest<Buffer, Buffer>(path, bytesIn, bytesIn);
      call.on('metadata', () => call.cancel());
      call
        .on('error', failed)
        .on('end', () => ended.resolve())
        .resume();
      call.end(request);
    } else {
      const call = client.makeServerStreamRequest<Buffer, Buffer>(path, bytesIn, bytesIn, request);
      call.on('metadata', () => call.cancel());
      call
        .on('error', failed)
        .on('end', () => ended.resolve())
        .resume();
    }
    await ended.promise;
  };

  let left = cases;
  const work = async () => {
    while (left-- > 0) {
      const method = pick(names);
      const whole = payload(method);
      await attempt(method, random() < 0.5 ? whole : mutated(whole, random));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  client.close();
  return { outcomes, created };
}

const defined = <T extends Record<string, unknown>>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };

/** Bits turned, bytes put in or taken out, the end cut off. */
function mutated(bytes: Buffer, random: () => number): Buffer {
  let mutant = Buffer.from(bytes);
  for (let change = 0; change <= random() * 3; change++) {
    const at = Math.floor(random() * (mutant.length + 1));
    const kind = random();
    if (kind < 0.4 && at < mutant.length) mutant[at] = (mutant[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    else if (kind < 0.7) mutant = Buffer.concat([mutant.subarray(0, at), Buffer.from([Math.floor(random() * 256)]), mutant.subarray(at)]);
    else mutant = mutant.subarray(0, at);
  }
  return mutant;
}

/** mulberry32: small, and the same everywhere. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
