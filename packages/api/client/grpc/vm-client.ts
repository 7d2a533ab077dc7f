import { status } from '@grpc/grpc-js';
import { MvirtError } from '@mvirt/domain/error';
import { resolveVm } from '@mvirt/domain/vm-resolve';
import type { ActionDocument, VmDocument } from '../../schema/index.ts';
import type { Vm } from '../../wire/index.ts';
import type { Call, VmClient } from '../vm-client.ts';
import { consoleDoor } from './console.ts';
import { toVmDocument } from './documents.ts';
import { uint32 } from './uint32.ts';
import { watchEvents } from './watch-events.ts';
import { type Answered, createWireClient, type WireClientOptions } from './wire-client.ts';

/** A server that speaks gRPC: this program's agent, or the existing daemon of either generation. */
export function createGrpcVmClient(options: WireClientOptions): VmClient & Disposable {
  const wire = createWireClient(options);
  const { service } = wire;

  const list = async (call: Call) => (await wire.unary(service.ListVms, {}, call)).answer.vms.map(toVmDocument);
  /** The contract knows ids alone: names and ids' beginnings are looked up here. careful: as for what would be lost. */
  const find = async (reference: string, call: Call, careful = false) => resolveVm(await list(call), reference, { careful });

  /** changed false where the server refuses because the VM is in that state already. */
  const act = async (vm: VmDocument, state: VmDocument['state'], call: Call, ask: () => Promise<Answered<Vm>>): Promise<ActionDocument> => {
    try {
      return done(await ask());
    } catch (thrown) {
      if (!(thrown instanceof MvirtError) || thrown.code !== 'WRONG_STATE') throw thrown;
      const now = toVmDocument((await wire.unary(service.GetVm, { id: vm.id }, call)).answer);
      if (now.state !== state) throw thrown;
      return { vm: now, changed: false, note: null };
    }
  };

  return {
    async version(call) {
      try {
        return (await wire.unary(service.GetVersion, {}, call)).answer.version;
      } catch (thrown) {
        if (isUnimplemented(thrown)) return null; // the first release has no such method
        throw thrown;
      }
    },
    list,
    get: (vm, call) => find(vm, call),
    async create(input, call) {
      // Loaded where a VM is created: it brings the schemas along.
      const { toCreateRequest } = await import('./create-request.ts');
      const { answer, note } = await wire.unary(service.CreateVm, toCreateRequest(input), call);
      return { vm: toVmDocument(answer), warnings: note?.split('\n') ?? [] };
    },
    async start(reference, call) {
      const vm = await find(reference, call);
      return act(vm, 'running', call, () => wire.unary(service.StartVm, { id: vm.id }, { ...call, waits: true }));
    },
    async stop(reference, graceMs, call) {
      const timeout = uint32(graceMs === null ? 0 : Math.ceil(graceMs / 1000), '--timeout');
      const vm = await find(reference, call);
      return act(vm, 'stopped', call, () => wire.unary(service.StopVm, { id: vm.id, timeout_seconds: timeout }, { ...call, waits: true }));
    },
    async kill(reference, call) {
      const vm = await find(reference, call, true);
      return act(vm, 'stopped', call, () => wire.unary(service.KillVm, { id: vm.id }, { ...call, waits: true }));
    },
    async delete(reference, call) {
      const vm = await find(reference, call, true);
      await wire.unary(service.DeleteVm, { id: vm.id }, call);
      return { vm, changed: true, note: null };
    },
    async attachDisk(reference, { path, readonly, format }, call) {
      const { checkFormat } = await import('./create-request.ts');
      checkFormat(path, format);
      const { id } = await find(reference, call);
      return done(await wire.unary(service.AttachDisk, { vm_id: id, disk: { path, readonly } }, { ...call, waits: true }));
    },
    async detachDisk(reference, path, call) {
      const { id } = await find(reference, call);
      return done(await wire.unary(service.DetachDisk, { vm_id: id, path }, { ...call, waits: true }));
    },
    async attachNic(reference, nic, call) {
      const { id } = await find(reference, call);
      const { toNic } = await import('./create-request.ts');
      return done(await wire.unary(service.AttachNic, { vm_id: id, nic: toNic(nic) }, { ...call, waits: true }));
    },
    async detachNic(reference, mac, call) {
      const { id } = await find(reference, call);
      return done(await wire.unary(service.DetachNic, { vm_id: id, mac }, { ...call, waits: true }));
    },
    readEvents: noEvents,
    eventsDroppedTo: noEvents,
    async watchEvents({ since, onEvent }, call) {
      if (since !== null) throw liveOnly('--since: events have no numbers over gRPC', 'leave it out: they are shown as they happen');
      await watchEvents(wire, onEvent, call);
    },
    async console(reference, from, call) {
      if (from !== null) throw liveOnly('--history: a console over gRPC has none', 'leave it out: the console is live from now on');
      return consoleDoor(wire, await find(reference, call));
    },
    [Symbol.dispose]: () => wire[Symbol.dispose](),
  };
}

const done = ({ answer, note }: Answered<Vm>): ActionDocument => ({ vm: toVmDocument(answer), changed: true, note });

const liveOnly = (message: string, hint: string): MvirtError => new MvirtError({ code: 'INVALID_ARGUMENT', message, hint });

function isUnimplemented(thrown: unknown): boolean {
  return thrown instanceof MvirtError && thrown.cause instanceof Error && 'code' in thrown.cause && thrown.cause.code === status.UNIMPLEMENTED;
}

const noEvents = async (): Promise<never> => {
  throw liveOnly('events: a server that speaks gRPC keeps none', 'add -f: they are shown as they happen');
};
