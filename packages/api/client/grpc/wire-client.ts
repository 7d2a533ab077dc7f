import { Client, type ClientDuplexStream, type ClientReadableStream, credentials, Metadata, type MethodDefinition, type ServiceError } from '@grpc/grpc-js';
import type { MvirtError } from '@mvirt/domain/error';
import { createVmServiceDefinition, metadataKeys, type VmServiceDefinition } from '../../wire/index.ts';
import { connectable } from '../socket-path.ts';
import type { Call } from '../vm-client.ts';
import { type ServerAddress, targetOf, urlOf } from './address.ts';
import { fromServiceError, textOf } from './failure.ts';
import { secureChannel, type Tls } from './tls.ts';

export type WireClientOptions = {
  address: ServerAddress;
  /** For an address with tls. */
  tls: Tls;
  /** How long a call may take that waits for no guest. */
  answerMs?: number;
};

/** waits: the answer comes when a guest lets it, without limit. */
export type UnaryOptions = Call & { waits?: boolean };

export type Answered<R> = { answer: R; note: string | null };

/** VmService on one server, connected by the first call, until disposed. */
export type WireClient = Disposable & {
  readonly url: string;
  readonly service: VmServiceDefinition;
  /** note: what an agent of ours has to say beside its answer. @throws MvirtError */
  unary<Q, R>(method: MethodDefinition<Q, R>, request: Q, options: UnaryOptions): Promise<Answered<R>>;
  readStream<Q, R>(method: MethodDefinition<Q, R>, request: Q): ClientReadableStream<R>;
  duplex<Q, R>(method: MethodDefinition<Q, R>): ClientDuplexStream<Q, R>;
  /** What a stream's error means. */
  failure(error: ServiceError, method: { path: string }): MvirtError;
};

const defaultAnswerMs = 30_000;

/** A list of thousands of VMs with their user data fits. */
const maxMessageBytes = 64 << 20;

const channelOptions = {
  'grpc.max_receive_message_length': maxMessageBytes,
  // A server is spoken to directly, whatever the environment says for the web.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  // What a caller asked for once is not done twice.
  'grpc.enable_retries': 0,
  // A server that hangs is found out, also while a guest may take as long as it likes.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

export function createWireClient({ address, tls, answerMs = defaultAnswerMs }: WireClientOptions): WireClient {
  const url = urlOf(address);
  const socket = address.kind === 'unix' ? connectable(address.path) : null;
  const target = targetOf(socket === null ? address : { kind: 'unix', path: socket.path });
  const secure = address.kind === 'tcp' && address.tls ? secureChannel(tls, address.host) : { credentials: credentials.createInsecure(), options: {} };
  const client = new Client(target, secure.credentials, { ...channelOptions, ...secure.options });
  const failure: WireClient['failure'] = (error, { path }) => fromServiceError(error, { url, method: path.slice(path.lastIndexOf('/') + 1) });

  async function unary<Q, R>(method: MethodDefinition<Q, R>, request: Q, { signal, waits = false }: UnaryOptions): Promise<Answered<R>> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Answered<R>>();
    const { path, requestSerialize, responseDeserialize } = method;
    const options = waits ? {} : { deadline: Date.now() + answerMs };
    const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, new Metadata(), options, (error, answer) => {
      if (error !== null) reject(failure(error, method));
      // What comes behind the answer follows at once.
      else if (answer !== undefined) call.once('status', ({ metadata }) => resolve({ answer, note: textOf(metadata, metadataKeys.note) }));
    });
    const cancel = () => call.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  return {
    url,
    service: createVmServiceDefinition(),
    failure,
    unary,
    readStream: (method, request) => client.makeServerStreamRequest(method.path, method.requestSerialize, method.responseDeserialize, request),
    duplex: (method) => client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize),
    [Symbol.dispose]() {
      client.close();
      socket?.[Symbol.dispose]();
    },
  };
}
