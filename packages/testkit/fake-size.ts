import { MvirtError, type VmSize, type VmSpec } from '@mvirt/domain';

/** How many vCPUs and how much memory a fake guest has, by the port's rules. */
export type FakeSize = {
  /** vCPUs that it was asked to let go of, and has not, included. */
  now(): VmSize;
  resize(size: Partial<VmSize>): 'done' | 'pending';
  /** Lets go of the vCPUs that it was asked for. */
  letVcpusGo(): void;
};

export type FakeSizeDeps = { spec: VmSpec; ejects(): boolean; onResized(size: VmSize): void };

export function createFakeSize({ spec, ejects, onResized }: FakeSizeDeps): FakeSize {
  let size: VmSize = { vcpus: spec.vcpus, memoryMib: spec.memoryMib };
  let keptVcpus: number | null = null;
  const most = { vcpus: Math.max(spec.vcpus, spec.maxVcpus ?? 0), memoryMib: Math.max(spec.memoryMib, spec.maxMemoryMib ?? 0) };
  const unsupported = (message: string) => new MvirtError({ code: 'UNSUPPORTED', message });

  const becomes = (change: Partial<VmSize>): void => {
    size = { ...size, ...change };
    onResized(size);
  };

  const letVcpusGo = (): void => {
    const vcpus = keptVcpus;
    keptVcpus = null;
    if (vcpus !== null) becomes({ vcpus });
  };

  return {
    now: () => size,
    letVcpusGo,
    resize({ vcpus, memoryMib }) {
      if (vcpus !== undefined && keptVcpus !== null) throw new MvirtError({ code: 'WRONG_STATE', message: 'the guest has not let go of vCPUs' });
      if (memoryMib !== undefined && memoryMib < size.memoryMib) throw unsupported('memory does not shrink while a VM runs');
      if (memoryMib !== undefined && memoryMib > most.memoryMib) throw unsupported('the guest was not launched for so much memory');
      if (memoryMib !== undefined && memoryMib > size.memoryMib) becomes({ memoryMib });
      if (vcpus === undefined || vcpus === size.vcpus) return 'done';
      if (vcpus < 1 || vcpus > most.vcpus) throw unsupported('the guest was not launched for so many vCPUs');
      if (vcpus > size.vcpus) {
        becomes({ vcpus });
        return 'done';
      }
      keptVcpus = vcpus;
      if (!ejects()) return 'pending';
      letVcpusGo();
      return 'done';
    },
  };
}
