import type { MethodDefinition } from '@grpc/grpc-js';
import { type Method, parse, type Root, type Type } from 'protobufjs';
import proto from '../../../proto/mvirt.proto' with { type: 'text' };
import type {
  AttachDiskRequest,
  AttachNicRequest,
  ConsoleInput,
  ConsoleOutput,
  CreateVmRequest,
  DetachDiskRequest,
  DetachNicRequest,
  Empty,
  ListVmsResponse,
  StopVmRequest,
  SystemInfo,
  VersionInfo,
  Vm,
  VmEvent,
  VmRequest,
  WatchVmsRequest,
} from './messages.ts';
import { StrictReader } from './strict-reader.ts';

/** Each method of VmService: what it takes and gives; of streams, each message. */
export type VmMethods = {
  CreateVm: { request: CreateVmRequest; answer: Vm };
  GetVm: { request: VmRequest; answer: Vm };
  ListVms: { request: Empty; answer: ListVmsResponse };
  DeleteVm: { request: VmRequest; answer: Empty };
  StartVm: { request: VmRequest; answer: Vm };
  StopVm: { request: StopVmRequest; answer: Vm };
  KillVm: { request: VmRequest; answer: Vm };
  Console: { request: ConsoleInput; answer: ConsoleOutput };
  AttachDisk: { request: AttachDiskRequest; answer: Vm };
  DetachDisk: { request: DetachDiskRequest; answer: Vm };
  AttachNic: { request: AttachNicRequest; answer: Vm };
  DetachNic: { request: DetachNicRequest; answer: Vm };
  WatchVms: { request: WatchVmsRequest; answer: VmEvent };
  GetVersion: { request: Empty; answer: VersionInfo };
  GetSystemInfo: { request: Empty; answer: SystemInfo };
};

export type VmServiceDefinition = { [Name in keyof VmMethods]: MethodDefinition<VmMethods[Name]['request'], VmMethods[Name]['answer']> };

/** proto/mvirt.proto, parsed: takes some milliseconds, so it is done once by who needs it. */
export const loadProto = (): Root => parse(proto, { keepCase: true }).root;

/** The service as grpc-js takes it, for servers and clients alike. */
export function createVmServiceDefinition(root: Root = loadProto()): VmServiceDefinition {
  const service = root.lookupService('mvirt.VmService');
  const methods = service.methodsArray.map((method) => [method.name, definition(method)]);
  // That the file has these methods with these types is what wire.test.ts checks.
  return Object.fromEntries(methods) as VmServiceDefinition;
}

function definition(method: Method): MethodDefinition<object, object> {
  method.resolve();
  const request = codec(method.resolvedRequestType);
  const response = codec(method.resolvedResponseType);
  return {
    path: `/mvirt.VmService/${method.name}`,
    requestStream: method.requestStream === true,
    responseStream: method.responseStream === true,
    requestSerialize: request.write,
    requestDeserialize: request.read,
    responseSerialize: response.write,
    responseDeserialize: response.read,
  };
}

function codec(type: Type | null) {
  if (type === null) throw new TypeError('proto/mvirt.proto: a method of an unknown type');
  return {
    write(message: object): Buffer {
      const { buffer, byteOffset, byteLength } = type.encode(type.fromObject(message)).finish();
      return Buffer.from(buffer, byteOffset, byteLength);
    },
    read: (bytes: Uint8Array): object => type.toObject(type.decode(new StrictReader(bytes)), { longs: String, defaults: true, arrays: true }),
  };
}
