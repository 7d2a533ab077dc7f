import { type ServiceError, status } from '@grpc/grpc-js';
import type { GrpcLimits } from '@mvirt/api/grpc';
import type { CreateVmRequest, Vm, VmConfig } from '@mvirt/api/wire';
import { type Bench, type BenchOptions, openBench } from './engine/bench.ts';
import { failure } from './engine/failure.ts';
import { type GrpcBridge, serveGrpc } from './grpc-bridge.ts';
import { type GrpcClient, openGrpcClient } from './grpc-client.ts';

/** The real bridge and a contract client over an engine in a fake world. Disposing it proves that nothing is left, no defect among it. */
export type GrpcBench = AsyncDisposable & {
  bench: Bench;
  bridge: GrpcBridge;
  client: GrpcClient;
  /** As a contract client of the first release says it: a kernel, no boot mode. */
  create(config?: Partial<VmConfig>, more?: Omit<CreateVmRequest, 'config'>): Promise<Vm>;
  started(config?: Partial<VmConfig>, more?: Omit<CreateVmRequest, 'config'>): Promise<Vm>;
};

export async function openGrpcBench(options: BenchOptions & { limits?: Partial<GrpcLimits> } = {}): Promise<GrpcBench> {
  await using open = new AsyncDisposableStack();
  const bench = open.use(await openBench(options));
  const bridge = open.use(await serveGrpc(bench.engine(), null, options.limits));
  const client = open.use(openGrpcClient(bridge.target));
  const grpc: Omit<GrpcBench, keyof AsyncDisposable> = {
    bench,
    bridge,
    client,
    create: (config, more) => client.call('CreateVm', { ...more, config: { ...smallConfig, kernel: bench.file('kernel'), ...config } }),
    async started(config, more) {
      const { id } = await grpc.create(config, more);
      return client.call('StartVm', { id });
    },
  };
  const whole = open.move();
  return {
    ...grpc,
    async [Symbol.asyncDispose]() {
      await whole.disposeAsync();
      if (bridge.defects.length > 0) throw new Error(`the bridge met defects of ours: ${bridge.defects.join('; ')}`);
    },
  };
}

export const smallConfig: VmConfig = { vcpus: 1, memory_mb: '64', disks: [], nics: [], boot_mode: 0, nested_virt: false };

/** How a call fails: "STATUS text". */
export async function refusal(call: Promise<unknown>): Promise<string> {
  const error = await failure(call);
  return isServiceError(error) ? `${status[error.code]} ${error.details}` : String(error);
}

export const isServiceError = (error: unknown): error is ServiceError => error instanceof Error && 'code' in error && 'details' in error && 'metadata' in error;
