import type { Clock, VmFact } from '@mvirt/domain';
import type { Vmm } from '@mvirt/hypervisor';

/** The steps of a graceful stop: the button again and again, the deadline, the power, and what follows where even that fails. */
export interface StopLadder {
  press(): Promise<void>;
  deadlineAt(atMs: number): void;
  powerOff(): Promise<void>;
  /** Ends all timers. */
  clear(): void;
}

export type StopLadderDeps = {
  clock: Clock;
  tell(fact: VmFact): void;
  /** Runs a call in the VM's queue. @throws HYPERVISOR_UNRESPONSIVE */
  call(task: (vmm: Vmm, signal: AbortSignal) => Promise<void>): Promise<void>;
  /** Whether the guest is still to be asked. */
  asking(): boolean;
  warn(message: string, thrown: unknown): void;
};

const pressAgainMs = 5_000;
/** How long a VMM may take to end once its power is cut. */
const powerOffMs = 5_000;

export function createStopLadder({ clock, tell, call, asking, warn }: StopLadderDeps): StopLadder {
  let button: Disposable | null = null;
  let deadline: Disposable | null = null;
  let power: Disposable | null = null;
  let pressing = false;

  async function press(): Promise<void> {
    button?.[Symbol.dispose]();
    button = clock.after(pressAgainMs, () => {
      if (asking()) void press();
    });
    if (pressing) return;
    pressing = true;
    try {
      await call((vmm, signal) => vmm.pressPowerButton({ signal }));
    } catch (thrown) {
      if (asking()) warn('the power button could not be pressed', thrown);
    } finally {
      pressing = false;
    }
  }

  return {
    press,
    deadlineAt(atMs) {
      deadline?.[Symbol.dispose]();
      // The time of the timer counts, not a wall clock that was set back meanwhile.
      deadline = clock.after(Math.max(0, atMs - clock.nowMs()), () => tell({ kind: 'stop-deadline', atMs: Math.max(clock.nowMs(), atMs) }));
    },
    async powerOff() {
      button?.[Symbol.dispose]();
      power?.[Symbol.dispose]();
      try {
        await call((vmm, signal) => vmm.powerOff({ signal }));
        power = clock.after(powerOffMs, () => tell({ kind: 'power-off-failed' }));
      } catch (thrown) {
        warn('the power could not be cut', thrown);
        tell({ kind: 'power-off-failed' });
      }
    },
    clear() {
      for (const timer of [button, deadline, power]) timer?.[Symbol.dispose]();
    },
  };
}
