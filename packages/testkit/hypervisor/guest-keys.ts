import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runFiles } from '@mvirt/host';
import type { LaunchRequest, Vmm } from '@mvirt/hypervisor';
import { waitFor } from '../wait-for.ts';
import type { GuestHand } from './bench.ts';

const typeAgainMs = 3000;

/** How a guest is told to do something by its serial line, and how it shows what it saw there. */
export type GuestKeys = {
  up: RegExp;
  plugged: RegExp;
  /** How it shows a vCPU that came, and what is typed first to be told of that many. */
  vcpu: { shows: RegExp; ask: ((count: number) => string) | null };
  powerOff: string;
  reset: string;
  panic: string | null;
  /** What is typed to have a text echoed. */
  echo: (text: string) => string;
};

export const tinyKeys: GuestKeys = {
  up: /TINY up/g,
  plugged: /TINY pci up/g,
  vcpu: { shows: /TINY cpu up/g, ask: null },
  powerOff: 'q',
  reset: 'r',
  panic: null,
  echo: (text) => text,
};

export const linuxKeys: GuestKeys = {
  up: /TINY-READY[^#]*# /g,
  plugged: /TINY-HOTPLUG add/g,
  vcpu: {
    shows: /vcpu-\d+ is there/g,
    ask: (count) => `for n in $(seq ${count}); do until [ -d /sys/devices/system/cpu/cpu$n ]; do sleep 1; done; echo vcpu-$n is there; done\n`,
  },
  powerOff: 'poweroff -f\n',
  reset: 'reboot -f\n',
  panic: 'echo c >/proc/sysrq-trigger\n',
  echo: (text) => `echo ${text}\n`,
};

/** A hand that types and reads the console, as a user does. */
export function typingHand({ run }: LaunchRequest, vmm: Vmm, keys: GuestKeys, timeoutMs: number): GuestHand {
  const path = join(run.runDir, runFiles.console);
  const said = (): string => (existsSync(path) ? readFileSync(path, 'latin1') : '');
  const shows = async (what: string, mark: RegExp, times: number): Promise<void> => {
    await waitFor(`${what} (the console: ${JSON.stringify(said().slice(-200))})`, () => (said().match(mark)?.length ?? 0) >= times, { timeoutMs });
  };
  const type = async (text: string): Promise<void> => {
    const input = await vmm.openInput();
    try {
      await input.write(Buffer.from(text), { signal: AbortSignal.timeout(timeoutMs) });
    } finally {
      input.close();
    }
  };
  const { panic, vcpu } = keys;
  return {
    up: (times) => shows(`boot ${times}`, keys.up, times),
    powerOff: () => type(keys.powerOff),
    reset: () => type(keys.reset),
    panic: panic === null ? null : () => type(panic),
    sawPlugged: (count) => shows(`device ${count}`, keys.plugged, count),
    async sawVcpus(count) {
      if (vcpu.ask !== null) await type(vcpu.ask(count));
      await shows(`vCPU ${count}`, vcpu.shows, count);
    },
    async echoes(text) {
      const before = said().split(text).length;
      const echoed = () => said().split(text).length > before;
      // What the guest says of its own may stand in the middle of an echo: then it is typed again.
      let typedAtMs = Number.NEGATIVE_INFINITY;
      const again = async () => {
        if (echoed()) return true;
        if (performance.now() - typedAtMs < typeAgainMs) return false;
        typedAtMs = performance.now();
        await type(keys.echo(text));
        return echoed();
      };
      await waitFor(`the echo of ${text}`, again, { timeoutMs });
    },
  };
}
