import { MvirtError, type VmSize } from '@mvirt/domain';
import type { Clock } from './clock.ts';
import type { CallOptions, Resized } from './driver.ts';
import { createLock } from './lock.ts';
import { sleep } from './sleep.ts';

/** How one hypervisor changes a guest's size. */
export type SizeHand = {
  /** What it has now. removing: vCPUs that it was asked to let go of, and has not. known: what it had when last looked at. */
  read(known: VmSize | null, options: CallOptions): Promise<VmSize & { removing: boolean }>;
  /** @throws UNSUPPORTED where it was not launched for so many */
  setVcpus(wanted: number, options: CallOptions): Promise<void>;
  /** Only ever more. @throws UNSUPPORTED where it was not launched for so much */
  growMemory(fromMib: number, toMib: number, options: CallOptions): Promise<void>;
};

export type Resizing = {
  resize(size: Partial<VmSize>, options: CallOptions): Promise<Resized>;
  /** Looks at what the guest has, and tells it where that is news. */
  settle(options: CallOptions): Promise<void>;
  /** The guest was asked to let go of vCPUs, and had not when last looked at. */
  pending(): boolean;
};

export type ResizingDeps = {
  hand: SizeHand;
  clock: Clock;
  /** What the guest had when an agent last looked; null: nobody did. */
  known: VmSize | null;
  onResized: (size: VmSize) => void;
  /** How long a guest may take to let go of vCPUs before that counts as pending. */
  removalMs?: number;
};

const defaultRemovalMs = 2000;
const pollMs = 50;

/** What a guest has is read from its VMM each time: only what was last told is remembered. */
export function createResizing({ hand, clock, known: first, onResized, removalMs = defaultRemovalMs }: ResizingDeps): Resizing {
  const inLine = createLock();
  let known = first;
  let removing = false;

  const look = async (options: CallOptions): Promise<VmSize> => {
    const { removing: stillRemoving, ...size } = await hand.read(known, options);
    const isNews = known !== null && (known.vcpus !== size.vcpus || known.memoryMib !== size.memoryMib);
    known = size;
    removing = stillRemoving;
    if (isNews) onResized(size);
    return size;
  };

  /** A guest lets go in its own time, and no event says so on every hypervisor. */
  const untilLetGo = async (options: CallOptions): Promise<void> => {
    const until = clock.nowMs() + removalMs;
    while (removing && clock.nowMs() < until) {
      await sleep(clock, pollMs, options.signal);
      await look(options);
    }
  };

  const apply = async ({ vcpus, memoryMib }: Partial<VmSize>, options: CallOptions): Promise<void> => {
    const now = await look(options);
    if (vcpus !== undefined && removing) throw stillRemoving(now.vcpus);
    if (vcpus !== undefined && vcpus < 1) throw new MvirtError({ code: 'UNSUPPORTED', message: 'a VM has at least one vCPU' });
    if (memoryMib !== undefined && memoryMib < now.memoryMib) throw new MvirtError({ code: 'UNSUPPORTED', message: 'memory does not shrink while a VM runs' });
    try {
      if (memoryMib !== undefined && memoryMib > now.memoryMib) await hand.growMemory(now.memoryMib, memoryMib, options);
      if (vcpus !== undefined && vcpus !== now.vcpus) await hand.setVcpus(vcpus, options);
    } catch (error) {
      // What was done before it failed is told; that nothing can be read now must not hide the failure itself.
      await look(options).catch(() => {});
      throw error;
    }
    await look(options);
    await untilLetGo(options);
  };

  return {
    pending: () => removing,
    settle: (options) => inLine(async () => void (await look(options))),
    resize: (size, options) =>
      inLine(async () => {
        await apply(size, options);
        return removing ? 'pending' : 'done';
      }),
  };
}

const stillRemoving = (vcpus: number): MvirtError =>
  new MvirtError({
    code: 'WRONG_STATE',
    message: `the guest has not let go of vCPUs that were taken from it: it has ${vcpus}`,
    hint: 'it lets go of them by itself, or they are gone after a stop and start',
  });
