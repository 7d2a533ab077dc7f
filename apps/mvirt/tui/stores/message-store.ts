import { createMemo, createSignal, onCleanup } from 'solid-js';
import type { Message } from '../layout/footer-lines.ts';
import { withSeconds } from '../layout/format.ts';
import type { Stop } from './agent.ts';
import { createSeconds } from './seconds.ts';
import type { Timers } from './timers.ts';

/** So long a message stays, whatever is pressed: one that comes between two keys must not be missed. */
const staysMs = 4000;

/** The last word about what was asked. It stays until somebody goes on after having had time to read it. */
export function createMessageStore(timers: Timers) {
  const [said, setSaid] = createSignal<Message | null>(null);
  const busy = createSeconds(timers);
  const message = createMemo<Message | null>(() => {
    const last = said();
    return last === null ? null : { text: withSeconds(last.text, busy.seconds()), tone: last.tone };
  });
  let stop: Stop | null = null;
  const clear = (): void => {
    stop?.();
    stop = null;
    busy.stop();
    setSaid(null);
  };
  onCleanup(() => {
    stop?.();
    busy.stop();
  });
  return {
    message,
    say(text: string, tone: Message['tone'] = 'plain'): void {
      stop?.();
      if (tone === 'busy') busy.start();
      else busy.stop();
      setSaid({ text, tone });
      stop = timers.after(staysMs, () => {
        stop = null;
      });
    },
    clear,
    /** A key was pressed. What is under way goes on being told. */
    goOn(): void {
      if (stop === null && said()?.tone !== 'busy') setSaid(null);
    },
  };
}
