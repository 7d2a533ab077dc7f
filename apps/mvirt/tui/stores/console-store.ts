import { createSignal } from 'solid-js';
import type { Agent, ConsoleNotice, Stop } from './agent.ts';
import { type ConsoleWriter, createConsoleWriter } from './console-writer.ts';
import { keepStream } from './keep-stream.ts';
import type { Timers } from './timers.ts';

/** History that is replayed into a freshly opened console. */
const historyBytes = 256 * 1024;

/** none: no VM; history: the past is being replayed; live: what is shown happens now; gap: the stream is interrupted. */
export type ConsolePhase = 'none' | 'history' | 'live' | 'gap';

/** The emulator, as far as the store needs it. */
export type ConsoleScreen = { write: (bytes: Uint8Array | string) => void };

export type ConsoleStore = ReturnType<typeof createConsoleStore>;

/** The selected VM's serial console: one stream at a time, from the agent's console hub to the emulator and back. */
export function createConsoleStore(deps: { agent: Agent; timers: Timers; onError: (error: unknown) => void }) {
  const [phase, setPhase] = createSignal<ConsolePhase>('none');
  let writer: ConsoleWriter | null = null;

  return {
    phase,
    /** Shows a VM's console on a screen that is still empty. The Stop that it returns must be called before the next one is opened. */
    open(id: string, screen: ConsoleScreen): Stop {
      let cursor: string | null = null;
      setPhase('history');
      const mine = createConsoleWriter({ send: (bytes, options) => deps.agent.writeConsole(id, bytes, options), onError: deps.onError });
      writer = mine;
      const stop = keepStream<ConsoleNotice>({
        timers: deps.timers,
        open: (handlers) => deps.agent.watchConsole(id, cursor === null ? { kind: 'tail', bytes: historyBytes } : { kind: 'cursor', cursor }, handlers),
        onData: (notice) => {
          cursor = notice.cursor;
          if (notice.kind === 'live') setPhase('live');
          else screen.write(notice.kind === 'data' ? notice.bytes : markerOf(notice));
        },
        onGap: () => setPhase('gap'),
      });
      return () => {
        stop();
        mine.stop();
        if (writer === mine) writer = null;
        setPhase('none');
      };
    },
    /** The connection was lost: what comes next, until told otherwise, is the past. */
    interrupt(): void {
      if (phase() !== 'none') setPhase('gap');
    },
    /** False where it was not taken: nothing is open, or too much waits already. */
    write: (bytes: Uint8Array): boolean => writer?.write(bytes) ?? false,
  };
}

/**
 * Takes back what a guest that is gone may have set: alternate screen, mouse and paste modes, hidden cursor, scroll region, colours.
 * Leaving the alternate screen and setting the region move the cursor, hence it is saved before each (each screen has its own saved one).
 */
const settle = '\u001b7\u001b[?1049l\u001b[?1000;1002;1003;1004;1006;2004;1l\u001b[?25;7h\u001b7\u001b[r\u001b8\u001b(B\u000f\u001b[0m';

/** A dim line in the stream, for what is not the guest's. */
function markerOf(notice: Exclude<ConsoleNotice, { kind: 'data' | 'live' }>): string {
  const line = (text: string): string => `${settle}\r\n\u001b[2m── ${text} ──\u001b[0m\r\n`;
  if (notice.kind === 'run') return line(notice.running ? 'the VM was started' : 'the VM ended');
  const lost = notice.lostBytes === null ? '' : ` (${notice.lostBytes} bytes)`;
  return line(notice.reason === 'dropped' ? `older output was dropped${lost}` : `the console's file was replaced${lost}`);
}
