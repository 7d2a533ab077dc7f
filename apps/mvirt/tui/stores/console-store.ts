import { createSignal } from 'solid-js';
import { cursorBefore } from '../../console/cursor.ts';
import { createQuestionFinder } from '../../console/queries.ts';
import type { Agent, ConsoleNotice, Stop } from './agent.ts';
import { type ConsoleWriter, createConsoleWriter } from './console-writer.ts';
import { keepStream } from './keep-stream.ts';
import type { Timers } from './timers.ts';

/** History that is replayed into a freshly opened console. */
const historyBytes = 256 * 1024;

/** none: no VM; history: the past is being replayed; live: what is shown happens now; gap: the stream is interrupted. */
export type ConsolePhase = 'none' | 'history' | 'live' | 'gap';

/** The emulator, as far as the store needs it. */
export type ConsoleScreen = {
  write: (bytes: Uint8Array | string) => void;
  /** Shows one question of the guest's program; what it answers, empty for nothing. */
  ask: (bytes: Uint8Array, question: string) => Uint8Array;
  /** Takes back what a guest that is gone may have set. */
  settle: () => void;
};

export type ConsoleStore = ReturnType<typeof createConsoleStore>;

/** The selected VM's serial console: one stream at a time, from the agent's console hub to the emulator and back. */
export function createConsoleStore(deps: { agent: Agent; timers: Timers; onError: (error: unknown) => void }) {
  const [phase, setPhase] = createSignal<ConsolePhase>('none');
  let writer: ConsoleWriter | null = null;

  return {
    phase,
    /**
     * Shows a VM's console on a screen that is still empty. answers: whether this screen may answer its guest now.
     * The Stop that it returns must be called before the next one is opened.
     */
    open(id: string, screen: ConsoleScreen, answers: () => boolean): Stop {
      let cursor: string | null = null;
      setPhase('history');
      const mine = createConsoleWriter({ send: (bytes, options) => deps.agent.writeConsole(id, bytes, options), onError: deps.onError });
      writer = mine;
      const finder = createQuestionFinder();

      /** A question is answered with its place, so that of all viewers' answers the agent types one. */
      const show = (bytes: Uint8Array, end: string): void => {
        const pieces = finder.next(bytes);
        let behind = finder.heldBytes() + pieces.reduce((sum, piece) => sum + piece.bytes.length, 0);
        for (const piece of pieces) {
          behind -= piece.bytes.length;
          if (piece.question === null) screen.write(piece.bytes);
          else {
            const answer = screen.ask(piece.bytes, piece.question);
            if (answer.length > 0 && phase() === 'live' && answers()) mine.write(answer, cursorBefore(end, behind));
          }
        }
      };
      const mark = (text: string): void => {
        screen.write(finder.rest());
        screen.settle();
        screen.write(`\r\n\u001b[2m── ${text} ──\u001b[0m\r\n`);
      };
      const stop = keepStream<ConsoleNotice>({
        timers: deps.timers,
        open: (handlers) => deps.agent.watchConsole(id, cursor === null ? { kind: 'tail', bytes: historyBytes } : { kind: 'cursor', cursor }, handlers),
        onData: (notice) => {
          if (notice.kind === 'interrupted') return setPhase('gap');
          cursor = notice.cursor;
          if (notice.kind === 'live') setPhase('live');
          else if (notice.kind === 'data') show(notice.bytes, notice.cursor);
          else mark(markerOf(notice));
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
    /** False where it was not taken: nothing is open, or too much waits already. */
    write: (bytes: Uint8Array): boolean => writer?.write(bytes) ?? false,
  };
}

/** What is not the guest's, for a dim line in its stream. */
function markerOf(notice: Extract<ConsoleNotice, { kind: 'run' | 'resync' }>): string {
  if (notice.kind === 'run') return notice.running ? 'the VM was started' : 'the VM ended';
  const lost = notice.lostBytes === null ? '' : ` (${notice.lostBytes} bytes)`;
  return notice.reason === 'dropped' ? `older output was dropped${lost}` : `the console's file was replaced${lost}`;
}
