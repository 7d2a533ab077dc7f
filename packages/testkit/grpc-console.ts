import type { StatusObject } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { GrpcClient } from './grpc-client.ts';

/** A console call as a client sees it. */
export type GrpcConsole = {
  /** Resolves with the answer's headers: what the guest prints from here on is told. */
  attached: Promise<void>;
  /** What was printed so far. */
  text(): string;
  bytes(): number;
  type(text: string | Uint8Array): boolean;
  /** No more input; output goes on. */
  halfClose(): void;
  hangUp(): void;
  /** Stops or goes on reading. */
  pause(): void;
  resume(): void;
  /** "STATUS text", once the call has ended. */
  ended: Promise<string>;
};

/** Opens a VM's console; first: what the first message types. */
export function openGrpcConsole(client: GrpcClient, vmId: string, first: string | Uint8Array = ''): GrpcConsole {
  const call = client.console();
  const parts: Uint8Array[] = [];
  const attached = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  call.on('data', ({ data }) => parts.push(data));
  call.on('metadata', () => attached.resolve());
  call.on('status', ({ code, details }: StatusObject) => {
    ended.resolve(`${status[code]} ${details}`);
    attached.resolve();
  });
  // Told by `status` too.
  call.on('error', () => {});
  call.write({ vm_id: vmId, data: Buffer.from(first) });
  return {
    attached: attached.promise,
    text: () => Buffer.concat(parts).toString(),
    bytes: () => parts.reduce((total, { length }) => total + length, 0),
    type: (text) => call.write({ vm_id: '', data: Buffer.from(text) }),
    halfClose: () => call.end(),
    hangUp: () => call.cancel(),
    pause: () => void call.pause(),
    resume: () => void call.resume(),
    ended: ended.promise,
  };
}
