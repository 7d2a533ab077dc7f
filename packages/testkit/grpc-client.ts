import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { createVmServiceDefinition, type VmMethods } from '@mvirt/api/wire';

type Name = keyof VmMethods;
type Request<N extends Name> = VmMethods[N]['request'];
type Answer<N extends Name> = VmMethods[N]['answer'];

export type GrpcCallOptions = CallOptions & { signal?: AbortSignal; onTrailers?: (trailers: Metadata) => void };

/** A contract client on grpc-js, for tests and benchmarks. Calls reject with a ServiceError. */
export type GrpcClient = Disposable & {
  client: Client;
  call<N extends Name>(method: N, request: Request<N>, options?: GrpcCallOptions): Promise<Answer<N>>;
  watch(request: Request<'WatchVms'>): ClientReadableStream<Answer<'WatchVms'>>;
  console(): ClientDuplexStream<Request<'Console'>, Answer<'Console'>>;
};

export type GrpcClientOptions = { credentials?: ChannelCredentials; channel?: ClientOptions };

export function openGrpcClient(target: string, { credentials: given = credentials.createInsecure(), channel = {} }: GrpcClientOptions = {}): GrpcClient {
  const service = createVmServiceDefinition();
  const client = new Client(target, given, { 'grpc.use_local_subchannel_pool': 1, ...channel });
  return {
    client,
    call<N extends Name>(name: N, request: Request<N>, { signal, onTrailers, ...options }: GrpcCallOptions = {}) {
      const { promise, resolve, reject } = Promise.withResolvers<Answer<N>>();
      const { path, requestSerialize, responseDeserialize } = service[name];
      const settled = (error: ServiceError | null, answer?: Answer<N>) => {
        if (error !== null) reject(error);
        else if (answer === undefined) reject(new Error(`${name} was answered with nothing`));
        else resolve(answer);
      };
      const call = client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, new Metadata(), options, settled);
      if (onTrailers) call.on('status', ({ metadata }) => onTrailers(metadata));
      signal?.addEventListener('abort', () => call.cancel(), { once: true });
      return promise;
    },
    watch: (request) => client.makeServerStreamRequest(service.WatchVms.path, service.WatchVms.requestSerialize, service.WatchVms.responseDeserialize, request),
    console: () => client.makeBidiStreamRequest(service.Console.path, service.Console.requestSerialize, service.Console.responseDeserialize),
    [Symbol.dispose]: () => client.close(),
  };
}
